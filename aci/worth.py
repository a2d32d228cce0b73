"""What a territory is worth a year under the tariff in force on a day, when anything can be said of it."""

from aci.remuneration import AbsurdPopulation, IncompleteTariff, Remuneration, TariffData, remuneration


def worth(population: int | None, tariff: TariffData | None) -> Remuneration | None:
    """The yearly maximum, every mission counted; None without inhabitants, without tariff, or with one half entered."""
    if not population or tariff is None:
        return None
    try:
        return remuneration(population, tariff)
    except (AbsurdPopulation, IncompleteTariff):
        return None

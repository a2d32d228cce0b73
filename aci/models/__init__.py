from aci.models.tariff import Tariff, TariffAmount, TariffLine, TariffTier

__all__ = ["Tariff", "TariffAmount", "TariffLine", "TariffTier"]

from django.urls import path

from aci.views.sharing import (
    SharedActionList,
    shared_action,
    shared_action_edit,
    shared_action_entry,
    shared_action_new,
    shared_action_withdraw,
)

urlpatterns = [
    path("actions-communes/", SharedActionList.as_view(), name="shared_actions"),
    path("actions-communes/nouvelle", shared_action_new, name="shared_action_new"),
    path("actions-communes/<int:pk>/", shared_action, name="shared_action"),
    path("actions-communes/<int:pk>/modifier", shared_action_edit, name="shared_action_edit"),
    path("actions-communes/<int:pk>/suivi", shared_action_entry, name="shared_action_entry"),
    path("actions-communes/<int:pk>/retirer", shared_action_withdraw, name="shared_action_withdraw"),
    path(
        "actions-communes/<int:pk>/suivi/<int:entry>/retirer",
        shared_action_withdraw,
        name="shared_action_entry_withdraw",
    ),
]

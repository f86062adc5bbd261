"""Every address of the product. Workspaces: /cpts/<slug>/…; public pages: / and /c/<slug>/."""

from django.urls import include, path
from django.views.generic import RedirectView

from maillage.accounts.web.psc_views import SignOut

urlpatterns = [
    path("", include("maillage.unscheduled_care.api.urls")),  # machines first: they call most, and wait least
    path("", include("maillage.unscheduled_care.web.urls")),  # then regulators, on a call
    path("", include("maillage.portal.web.urls")),
    path("", include("maillage.core.web.urls")),
    path("", include("maillage.accounts.web.urls")),
    path("", include("maillage.geography.web.urls")),
    path("", include("maillage.territory.web.urls")),
    path("", include("maillage.exchange.web.urls")),
    path("", include("maillage.members.web.urls")),
    path("", include("maillage.meetings.web.urls")),
    path("", include("maillage.territorial_diagnosis.web.urls")),
    path("", include("maillage.aci.web.urls")),
    path("", include("maillage.oversight.web.urls")),
    path("compte/logout/", SignOut.as_view(), name="account_logout"),  # ours: it leaves Pro Santé Connect too
    path("compte/email/", RedirectView.as_view(pattern_name="accounts:address"), name="account_email"),
    path("compte/", include("allauth.account.urls")),
    path("compte/2fa/", include("allauth.mfa.urls")),
]
handler400 = "maillage.portal.web.errors.bad_request"
handler403 = "maillage.portal.web.errors.forbidden"
handler404 = "maillage.portal.web.errors.not_found"
handler500 = "maillage.portal.web.errors.broken"

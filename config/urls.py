"""Every address of the product. Workspaces: /cpts/<slug>/…; public pages: / and /c/<slug>/."""

from allauth.account.views import password_set
from allauth.mfa.recovery_codes.views import download_recovery_codes, generate_recovery_codes, view_recovery_codes
from allauth.mfa.totp.views import activate_totp, deactivate_totp
from allauth.mfa.webauthn.views import add_webauthn, remove_webauthn
from django.urls import include, path
from django.views.generic import RedirectView

from maillage.accounts.signing_in.proving import recently_proved
from maillage.accounts.web.psc_views import SignOut
from maillage.core.workspaces import url_modules

urlpatterns = [
    *(path("", include(module)) for module in url_modules()),
    path("compte/logout/", SignOut.as_view(), name="account_logout"),  # ours: it leaves Pro Santé Connect too
    path("compte/email/", RedirectView.as_view(pattern_name="accounts:address"), name="account_email"),
    # The library asks no proof of an account that opens by Pro Santé Connect alone.
    path("compte/password/set/", recently_proved(password_set), name="account_set_password"),
    path("compte/2fa/totp/activate/", recently_proved(activate_totp), name="mfa_activate_totp"),
    path("compte/2fa/totp/deactivate/", recently_proved(deactivate_totp), name="mfa_deactivate_totp"),
    path("compte/2fa/webauthn/add/", recently_proved(add_webauthn), name="mfa_add_webauthn"),
    path("compte/2fa/webauthn/keys/<int:pk>/remove/", recently_proved(remove_webauthn), name="mfa_remove_webauthn"),
    path("compte/2fa/recovery-codes/", recently_proved(view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "compte/2fa/recovery-codes/generate/",
        recently_proved(generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "compte/2fa/recovery-codes/download/",
        recently_proved(download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
    path("compte/", include("allauth.account.urls")),
    path("compte/2fa/", include("allauth.mfa.urls")),
]
handler400 = "maillage.portal.web.errors.bad_request"
handler403 = "maillage.portal.web.errors.forbidden"
handler404 = "maillage.portal.web.errors.not_found"
handler500 = "maillage.portal.web.errors.broken"

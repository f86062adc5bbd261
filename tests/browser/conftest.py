"""A real browser, when the machine has one; otherwise the journeys are skipped and counted."""

import os
import shutil
from pathlib import Path

import pytest
from allauth.mfa.utils import is_mfa_enabled
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from maillage.accounts.models import User
from maillage.accounts.permissions import demands_second_factor
from tests.factories import PASSWORD
from tests.security.sign_in_steps import code_of, enrol, secret_of

# Playwright's loop runs in the thread of the test: Django would refuse the database there.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
expect.set_options(timeout=15_000)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}


@pytest.fixture(scope="session")
def browser():
    if not CHROMIUM:
        # CI sets it: a suite that silently lost its browser is not green.
        (pytest.fail if os.environ.get("BROWSER_REQUIRED") else pytest.skip)("Chromium is not on this machine")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


class Visitor:
    """Somebody in front of a page: opens, signs in, and complains of what axe or the console say."""

    def __init__(self, browser: Browser, base: str, size: str = "desktop", *, javascript: bool = True) -> None:
        width, height = SIZES[size]
        viewport = {"width": width, "height": height}
        self.context = browser.new_context(viewport=viewport, locale="fr-FR", java_script_enabled=javascript)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.base, self.faults = base, []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._listen)

    def _listen(self, message) -> None:
        if message.type == "error" and "status of 4" not in message.text:
            self.faults.append(message.text)

    def open(self, path: str) -> Page:
        self.page.goto(self.base + path)
        return self.page

    def sign_in(self, email: str) -> None:
        """With what the role demands: a telephone that shows codes, for those who read more than their own."""
        self.open("/compte/login/")
        self.page.get_by_label("Courriel").fill(email)
        self.page.get_by_label("Mot de passe").fill(PASSWORD)
        user = User.objects.get(email=email)
        demanded = demands_second_factor(user)
        secret = enrol(user) if demanded and not is_mfa_enabled(user) else None
        self._enter()
        if demanded:
            self.page.get_by_label("Code").fill(code_of(secret or secret_of(user)))
            self._enter()

    def _enter(self) -> None:
        with self.page.expect_navigation():
            self.page.locator("main").get_by_role("button", name="Se connecter").click()

    def check(self) -> None:
        """Axe finds nothing, nothing scrolls sideways, the console is quiet."""
        violations = Axe().run(self.page).response["violations"]
        told = [(one["id"], [node["html"][:120] for node in one["nodes"]][:3]) for one in violations]
        assert told == [], self.page.url
        width = self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert width[0] <= width[1], f"{self.page.url} scrolls sideways: {width}"
        assert self.faults == [], self.page.url


@pytest.fixture
def visit(browser, live_server, request):
    """Make visitors; on failure a screenshot stays in test-results/."""
    visitors = []

    def make(size: str = "desktop", *, javascript: bool = True) -> Visitor:
        visitors.append(Visitor(browser, live_server.url, size, javascript=javascript))
        return visitors[-1]

    failed_before = request.session.testsfailed
    yield make
    for number, visitor in enumerate(visitors):
        if request.session.testsfailed > failed_before:
            Path("test-results").mkdir(exist_ok=True)
            visitor.page.screenshot(path=f"test-results/{request.node.name}-{number}.png", full_page=True)
        visitor.context.close()

"""A headless Chromium, and what tests of pages do with it; without one, the tests are skipped."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
Browse = Callable[..., Chrome]


@pytest.fixture
def browse() -> Iterator[Browse]:
    """``browse(width, …)`` opens a browser with a window of that width in CSS pixels."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.skip("chromium or chromedriver is not installed (Debian: chromium, chromium-driver)")
    opened: list[Chrome] = []

    def open_browser(width: int, *, script: bool = True, dark: bool = False, language: str = "en") -> Chrome:
        options = Options()
        options.binary_location = browser
        for argument in ARGUMENTS:
            options.add_argument(argument)
        options.add_argument(f"--accept-lang={language}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        if not script:
            options.add_experimental_option(
                "prefs", {"profile.managed_default_content_settings.javascript": 2}
            )
        chrome = Chrome(options, Service(driver))
        opened.append(chrome)
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
        return chrome

    yield open_browser
    for chrome in opened:
        chrome.quit()

"""The page /verify in a real browser: both languages, narrow and wide, with and without a script."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.expected_conditions import title_contains
from selenium.webdriver.support.ui import WebDriverWait

from pipeline.demo import pictures
from tests.browser.conftest import Browse
from tests.unit.pipeline.producers.gateway.verify_page.serving import RealVerifier, serving

AXE = files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
MIN_TARGET = 24  # CSS pixels; WCAG 2.2, 2.5.8
SECONDS = 60


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page's address, with the real model behind it."""
    trust = tmp_path_factory.mktemp("trust")
    with serving(lambda: RealVerifier(trust), verify_max_bytes=1_000_000) as base:
        yield f"{base}/verify"


@pytest.fixture
def forged(tmp_path: Path) -> Path:
    """A forged portrait."""
    file = tmp_path / "forged.jpg"
    file.write_bytes(pictures.jpeg(pictures.retouched()))
    return file


def choose(chrome: Chrome, file: Path) -> None:
    chrome.find_element(By.ID, "file").send_keys(str(file))


def check(chrome: Chrome, file: Path, title: str) -> None:
    """Choose the file, press the button and wait for the answer."""
    choose(chrome, file)
    chrome.find_element(By.CSS_SELECTOR, "button").click()
    WebDriverWait(chrome, SECONDS).until(title_contains(title))


def faults(chrome: Chrome) -> list[str]:
    """Return what axe finds, what does not fit, what is too small to press, and the browser's errors."""
    chrome.execute_script(AXE)
    found = chrome.execute_async_script(
        "axe.run({runOnly: arguments[0]}).then(result => arguments[1](result.violations))", RULES
    )
    wide = chrome.execute_script("return document.documentElement.scrollWidth - innerWidth")
    small = [
        element.text
        for element in chrome.find_elements(By.CSS_SELECTOR, "a:not(.skip), button, input")
        if element.is_displayed() and min(element.size["width"], element.size["height"]) < MIN_TARGET
    ]
    logged = [entry["message"] for entry in chrome.get_log("browser")]  # also what the policy blocked
    return [
        *(f"{fault['id']}: {[node['html'] for node in fault['nodes']]}" for fault in found),
        *([f"the page is {wide} px too wide"] if wide > 0 else []),
        *(f"too small: {text}" for text in small),
        *logged,
    ]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280, 2560])
@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "Strong signs of a forged face"), ("ko", "얼굴이 위조된 흔적이 뚜렷합니다")],
)
def test_a_visitor_checks_a_picture(
    browse: Browse, url: str, forged: Path, language: str, title: str, width: int, dark: bool
) -> None:
    chrome = browse(width, dark=dark)
    chrome.get(f"{url}?lang={language}")
    assert chrome.find_element(By.TAG_NAME, "html").get_attribute("lang") == language
    assert faults(chrome) == []

    check(chrome, forged, title)

    assert chrome.find_element(By.TAG_NAME, "h1").text == title
    assert "78%" in chrome.find_element(By.CSS_SELECTOR, ".checks").text
    assert faults(chrome) == []


def test_it_works_without_a_script(browse: Browse, url: str, forged: Path) -> None:
    chrome = browse(360, script=False)
    chrome.get(f"{url}?lang=ko")
    assert not chrome.find_element(By.CSS_SELECTOR, ".for-mouse").is_displayed()

    check(chrome, forged, "얼굴이 위조된 흔적이 뚜렷합니다")


def test_it_works_with_the_keyboard_alone(browse: Browse, url: str, forged: Path) -> None:
    chrome = browse(1280)
    chrome.get(f"{url}?lang=en")
    choose(chrome, forged)
    chrome.execute_script("document.activeElement.blur()")
    order = []
    for _ in range(6):
        ActionChains(chrome).send_keys(Keys.TAB).perform()
        element = chrome.switch_to.active_element
        order.append(element.get_attribute("id") or element.text)
    ActionChains(chrome).send_keys(Keys.ENTER).perform()
    WebDriverWait(chrome, SECONDS).until(title_contains("Strong signs"))

    assert order == ["Skip to the content", "FakeME", "한국어", "English", "file", "Check"]


def test_the_script_shows_the_picture_and_refuses_one_that_is_too_large(
    browse: Browse, url: str, forged: Path, tmp_path: Path
) -> None:
    chrome = browse(1280)
    chrome.get(f"{url}?lang=en")
    preview = chrome.find_element(By.CSS_SELECTOR, ".preview")
    status = chrome.find_element(By.CSS_SELECTOR, "[role=status]")
    choose(chrome, forged)
    WebDriverWait(chrome, SECONDS).until(lambda _: preview.is_displayed())
    (tmp_path / "large.mp4").write_bytes(bytes(1_000_001))

    choose(chrome, tmp_path / "large.mp4")
    chrome.find_element(By.CSS_SELECTOR, "button").click()

    assert "larger than 1 MB" in status.text
    assert not preview.is_displayed()
    assert chrome.title.startswith("Check a picture or video")
    assert chrome.switch_to.active_element.get_attribute("id") == "file"


def test_a_refusal_is_announced(browse: Browse, url: str, tmp_path: Path) -> None:
    (tmp_path / "large.mp4").write_bytes(bytes(1_500_000))
    chrome = browse(360, script=False)
    chrome.get(f"{url}?lang=en")

    check(chrome, tmp_path / "large.mp4", "The file is too large")

    assert "The limit of this page is 1 MB" in chrome.find_element(By.CSS_SELECTOR, "[role=alert]").text


def test_the_browser_chooses_the_language_and_the_visitor_another(browse: Browse, url: str) -> None:
    chrome = browse(1280, language="ko-KR")
    chrome.get(url)
    assert chrome.title.startswith("사진·동영상 확인하기")

    chrome.find_element(By.LINK_TEXT, "English").click()

    WebDriverWait(chrome, SECONDS).until(title_contains("Check a picture or video"))

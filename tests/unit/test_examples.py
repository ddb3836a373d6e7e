"""The programs in examples/ against the contracts in schemas/ and the bodies that the gateway takes."""

import ast
import importlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.producers.gateway.request_bodies import NewPost, NewReport
from schemas.envelope import CONTENT_TYPE, REQUIRED, SPEC_VERSION, decode, encode
from schemas.identity import _NAMESPACE, post_event_id
from schemas.posts import PostCreated
from schemas.topics import BY_EVENT_TYPE, MEDIA_VERDICTS, POSTS_CREATED, POSTS_TAGS

EXAMPLES = Path(__file__).parents[2] / "examples"
PYTHON_PROGRAMS = sorted([*EXAMPLES.glob("*.py"), *EXAMPLES.glob("python/*.py")])
NODE = shutil.which("node")
POST = {
    "post_id": "post-1",
    "author_id": "ann",
    "created_at": "2026-11-23T12:00:00.000Z",
    "media": [{"uri": "s3://platform-media/ann/portrait.jpg", "media_type": "image/jpeg"}],
}

needs_node = pytest.mark.skipif(NODE is None, reason="Node.js is not installed")


@pytest.mark.parametrize("program", PYTHON_PROGRAMS, ids=lambda program: program.name)
def test_imports_of_python_examples_exist(program: Path) -> None:
    tree = ast.parse(program.read_text(), program)
    for statement in ast.walk(tree):
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                importlib.import_module(alias.name)
        elif isinstance(statement, ast.ImportFrom):
            assert statement.module is not None
            module = importlib.import_module(statement.module)
            missing = [alias.name for alias in statement.names if not hasattr(module, alias.name)]
            assert missing == [], f"{program} imports what {statement.module} does not have"


def test_every_example_folder_is_described() -> None:
    folders = [folder for folder in EXAMPLES.iterdir() if folder.is_dir()]
    assert sorted(folder.name for folder in folders) == ["http", "node", "python"]
    assert all((folder / "README.md").exists() for folder in folders)


def test_node_packages_have_exact_versions() -> None:
    package = json.loads((EXAMPLES / "node/package.json").read_text())
    assert set(package["dependencies"]) == {"kafkajs", "@aws-sdk/client-s3"}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in package["dependencies"].values())


def test_node_example_names_our_topics_and_namespace() -> None:
    source = (EXAMPLES / "node/events.js").read_text()
    topics = re.search(r"TOPICS = \{(.*?)\}", source, re.DOTALL)
    assert topics is not None
    assert re.findall(r'"(.+?)"', topics[1]) == [POSTS_CREATED.name, MEDIA_VERDICTS.name, POSTS_TAGS.name]
    assert re.findall(r'NAMESPACE = "(.+?)"', source) == [str(_NAMESPACE)]


def test_node_example_sets_every_header_that_we_set() -> None:
    source = (EXAMPLES / "node/events.js").read_text()
    post = PostCreated.model_validate(POST)
    ours = encode(post, id="1", source="https://social.example", key=post.post_id, time=post.created_at)
    assert set(REQUIRED) <= {name for name, _ in ours.headers}
    assert set(re.findall(r'^    "?(ce_\w+|content-type)"?:', source, re.MULTILINE)) == {
        name for name, _ in ours.headers
    }
    assert f'ce_specversion: "{SPEC_VERSION}"' in source
    assert f'"content-type": "{CONTENT_TYPE}"' in source


@needs_node
@pytest.mark.parametrize("subject", ["post-1", "a:b@c.d", "example-00000000-0000-4000-8000-000000000000"])
def test_node_example_computes_the_same_event_ids(subject: str) -> None:
    printed = _node(f"console.log(eventId({json.dumps(POSTS_CREATED.name)}, {json.dumps(subject)}))")
    assert printed.strip() == str(post_event_id(POSTS_CREATED.name, subject))


@needs_node
def test_node_example_writes_events_that_consumers_read() -> None:
    printed = _node(f"console.log(JSON.stringify(postCreated({json.dumps(POST)}, 'https://social.example')))")
    message = json.loads(printed)
    headers = [(name, value.encode()) for name, value in message["headers"].items()]
    event = decode(headers, message["value"].encode())
    assert event.body == PostCreated.model_validate(POST)
    assert event.id == str(post_event_id(POSTS_CREATED.name, "post-1"))
    assert BY_EVENT_TYPE[event.type] is POSTS_CREATED
    assert event.time == POST["created_at"]
    assert message["key"] == "post-1"


def test_http_example_sends_bodies_that_the_gateway_takes(tmp_path: Path) -> None:
    requests = _run_http_example(tmp_path)
    bodies = {url: json.loads(body) for url, body in requests if body}
    assert [url for url, _ in requests] == [
        "http://s3/platform-media/examples/PICTURE_SHA256.jpg",
        "http://gateway/v1/posts",
        "http://gateway/v1/posts/POST/verdict?wait=30s",
        "http://gateway/v1/posts/POST/tag",
        "http://gateway/v1/reports",
    ]
    post = NewPost.model_validate(bodies["http://gateway/v1/posts"])
    report = NewReport.model_validate(bodies["http://gateway/v1/reports"])
    assert post.media[0].media_type == "image/jpeg"
    assert report.post_id == post.post_id


def _node(script: str) -> str:
    """What ``script`` prints, with the functions of events.js at hand."""
    assert NODE is not None
    module = (EXAMPLES / "node/events.js").as_uri()
    source = f"import {{ eventId, postCreated }} from {json.dumps(module)};\n{script}"
    command = [NODE, "--input-type=module", "--eval", source]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def _run_http_example(folder: Path) -> list[tuple[str, str]]:
    """URL and body of each request of the script, with a curl that only writes them down."""
    stack = {
        "gateway_url": "http://gateway",
        "s3_endpoint": "http://s3",
        "platform_s3_access_key": "key",
        "platform_s3_secret_key": "secret",
    }
    (folder / "stack.json").write_text(json.dumps(stack))
    (folder / "picture.jpg").write_bytes(b"picture")
    curl = folder / "curl"
    curl.write_text(
        "#!/bin/sh\n"
        'for word in "$@"; do\n'
        f'  printf "%s\\0" "$word" >> "{folder}/words"\n'
        "done\n"
        f'printf "\\n\\0" >> "{folder}/words"\n'
        "echo '{}'\n"
    )
    curl.chmod(0o755)
    subprocess.run(
        ["/bin/sh", EXAMPLES / "http/post_and_follow.sh", folder / "picture.jpg"],
        env={"PATH": f"{folder}:{os.environ['PATH']}", "FAKEME_HOME": str(folder), "KEY": "fk_key"},
        check=True,
        timeout=60,
        capture_output=True,
    )
    calls = (folder / "words").read_text().split("\n\0")[:-1]
    return [_request(call.split("\0")[:-1]) for call in calls]


def _request(words: list[str]) -> tuple[str, str]:
    url = next(word for word in words if word.startswith("http"))
    body = words[words.index("--data") + 1] if "--data" in words else ""
    url = re.sub(r"example-[0-9a-f-]{36}", "POST", url)
    return re.sub(r"[0-9a-f]{64}", "PICTURE_SHA256", url), body

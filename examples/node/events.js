// What a platform must know of FakeME's contracts: topics, CloudEvents headers, event ids.
// No dependencies. tests/unit/test_examples.py compares this file with schemas/.

import { createHash } from "node:crypto";

export const TOPICS = {
  postsCreated: "posts.created",
  mediaVerdicts: "media.verdicts",
  postsTags: "posts.tags",
};

// As in schemas/identity.py.
export const NAMESPACE = "6f1c8c52-9c1e-5a0b-8d0e-fa8e3e5f0a11";
const SEPARATOR = "\x1f";

/** UUIDv5 (RFC 9562, section 5.5) of `name` in `namespace`. */
function uuid5(namespace, name) {
  const bytes = createHash("sha1")
    .update(Buffer.from(namespace.replaceAll("-", ""), "hex"))
    .update(name, "utf8")
    .digest()
    .subarray(0, 16);
  bytes[6] = (bytes[6] & 0x0f) | 0x50; // version 5
  bytes[8] = (bytes[8] & 0x3f) | 0x80; // variant of RFC 9562
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** Event id: the same for every repeat. `subject` is the post, report, appeal or replay id. */
export function eventId(topic, subject) {
  return uuid5(NAMESPACE, ["post-event", topic, subject].join(SEPARATOR));
}

/** CloudEvents 1.0 headers in Kafka's binary mode. `time` is a Date. */
export function headers(topic, { id, source, key, time }) {
  return {
    ce_specversion: "1.0",
    ce_id: id,
    ce_source: source,
    ce_type: `fakeme.${topic}.v1`,
    ce_time: time.toISOString(),
    ce_subject: key,
    "content-type": "application/json; charset=utf-8",
  };
}

/** The Kafka message that publishes a post. The key is the post id, so a post's events keep their order. */
export function postCreated(post, source) {
  const id = eventId(TOPICS.postsCreated, post.post_id);
  return {
    key: post.post_id,
    headers: headers(TOPICS.postsCreated, { id, source, key: post.post_id, time: new Date(post.created_at) }),
    value: JSON.stringify(post),
  };
}

// A small platform in Node.js: upload a file, publish it as a post, print the verdict and the tag.

import { createHash, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Kafka, Partitioners, logLevel } from "kafkajs";
import { TOPICS, postCreated } from "./events.js";

const SOURCE = "https://social.example"; // names this platform in every event
const BUCKET = "platform-media";
const WAIT_MS = 60_000;
const MEDIA_TYPES = { ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".mp4": "video/mp4" };

/** Store a file in the platform's bucket and return it as media of a post. */
async function upload(s3, file) {
  const bytes = await readFile(file);
  const mediaType = MEDIA_TYPES[extname(file).toLowerCase()];
  if (!mediaType) throw new Error(`${file}: expected ${Object.keys(MEDIA_TYPES).join(", ")}`);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const key = `examples/${sha256}${extname(file)}`;
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: bytes, ContentType: mediaType }));
  return { uri: `s3://${BUCKET}/${key}`, media_type: mediaType, sha256 };
}

/**
 * Call `onAnswer(topic, body)` for each verdict and tag change of the post.
 *
 * The group commits its offsets, so the platform misses nothing while it is down. The first run reads both topics from
 * their beginning. Delivery is at least once, so repeats are dropped by their event id.
 */
async function follow(consumer, postId, onAnswer) {
  const handled = new Set();
  await consumer.subscribe({ topics: [TOPICS.mediaVerdicts, TOPICS.postsTags], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ topic, message }) => {
      const id = message.headers.ce_id?.toString();
      if (message.key?.toString() !== postId || handled.has(id)) return;
      handled.add(id);
      onAnswer(topic, JSON.parse(message.value.toString()));
    },
  });
}

async function main(file) {
  const stack = JSON.parse(await readFile(join(process.env.FAKEME_HOME ?? ".fakeme", "stack.json"), "utf8"));
  const s3 = new S3Client({
    endpoint: stack.s3_endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: stack.platform_s3_access_key, secretAccessKey: stack.platform_s3_secret_key },
  });
  const kafka = new Kafka({
    clientId: "social-example",
    brokers: stack.kafka_bootstrap.split(","),
    logLevel: logLevel.ERROR,
  });
  // Murmur2, as Java clients and FakeME's SDK: a post is in the same partition whoever publishes it.
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  const consumer = kafka.consumer({ groupId: "social-example" });
  await Promise.all([producer.connect(), consumer.connect()]);
  try {
    const post = {
      post_id: `example-${randomUUID()}`,
      author_id: "ann",
      media: [await upload(s3, file)],
      created_at: new Date().toISOString(),
    };
    const message = postCreated(post, SOURCE);
    await producer.send({ topic: TOPICS.postsCreated, acks: -1, messages: [message] }); // -1: all in-sync replicas
    console.log(`published ${post.post_id} as event ${message.headers.ce_id}`);
    await answered(consumer, post.post_id);
  } finally {
    await Promise.all([producer.disconnect(), consumer.disconnect()]);
  }
}

/** Print verdict and tag; resolve when nothing more is to come, reject after WAIT_MS. */
async function answered(consumer, postId) {
  let timer;
  const done = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no complete answer within ${WAIT_MS / 1000} s`)), WAIT_MS);
    const print = (topic, body) => {
      if (topic === TOPICS.mediaVerdicts) {
        console.log(`verdict: ${body.label}, score ${body.score}`);
        for (const media of body.media) console.log(`  ${media.uri}: ${media.label}, ${media.faces.length} faces`);
        if (body.label !== "deepfake") resolve(); // no other label adds a tag to a new post
      } else {
        console.log(`tag: ${body.action} ${body.tag}, ${body.why.en}`);
        resolve();
      }
    };
    follow(consumer, postId, print).catch(reject);
  });
  await done.finally(() => clearTimeout(timer));
}

if (process.argv.length !== 3) {
  console.error("usage: node post_and_follow.js FILE");
  process.exit(2);
}
await main(process.argv[2]);

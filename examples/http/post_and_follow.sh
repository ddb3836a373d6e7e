#!/bin/sh
# A small platform over HTTP: upload a file, publish it as a post, read the verdict and the tag, report the post.
set -eu

FILE=${1:?usage: post_and_follow.sh FILE}
: "${KEY:?set KEY to an API key: KEY=\$(fakeme api-keys create example)}"
STACK=${FAKEME_HOME:-.fakeme}/stack.json

from_stack() {
  python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$STACK" "$1"
}

case $FILE in
  *.jpg | *.jpeg) MEDIA_TYPE=image/jpeg ;;
  *.png) MEDIA_TYPE=image/png ;;
  *.mp4) MEDIA_TYPE=video/mp4 ;;
  *) echo "$FILE: expected .jpg, .jpeg, .png or .mp4" >&2; exit 2 ;;
esac

GATEWAY=$(from_stack gateway_url)
S3=$(from_stack s3_endpoint)
S3_USER=$(from_stack platform_s3_access_key):$(from_stack platform_s3_secret_key)
SHA256=$(sha256sum "$FILE" | cut -d ' ' -f 1)
OBJECT=platform-media/examples/$SHA256.${FILE##*.}
POST=example-$(python3 -c 'import uuid; print(uuid.uuid4())')
NOW=$(date -u +%Y-%m-%dT%H:%M:%SZ)

# gateway PATH [CURL OPTIONS]: one request with the API key.
gateway() {
  path=$1
  shift
  curl --silent --show-error --fail-with-body "$GATEWAY$path" -H "Authorization: Bearer $KEY" "$@"
  echo
}

# publish PATH IDEMPOTENCY-KEY BODY: a repeat with the same key gets the same answer.
publish() {
  gateway "$1" -H 'Content-Type: application/json' -H "Idempotency-Key: $2" --data "$3"
}

echo "upload to s3://$OBJECT"
curl --silent --show-error --fail-with-body --aws-sigv4 aws:amz:us-east-1:s3 --user "$S3_USER" \
  -H "Content-Type: $MEDIA_TYPE" -H "x-amz-content-sha256: $SHA256" --upload-file "$FILE" "$S3/$OBJECT"

echo "publish $POST"
publish /v1/posts "$POST" "{
  \"post_id\": \"$POST\", \"author_id\": \"ann\", \"created_at\": \"$NOW\",
  \"media\": [{\"uri\": \"s3://$OBJECT\", \"media_type\": \"$MEDIA_TYPE\", \"sha256\": \"$SHA256\"}]
}"

echo "verdict"
gateway "/v1/posts/$POST/verdict?wait=30s"

echo "tag"  # the verdict may be a moment ahead of it: until then the answer is "pending"
tries=0
while tag=$(gateway "/v1/posts/$POST/tag"); [ "$tries" -lt 20 ]; do
  case $tag in *'"status":"pending"'*) ;; *) break ;; esac
  tries=$((tries + 1))
  sleep 1
done
echo "$tag"

echo "report"
publish /v1/reports "report-$POST" "{
  \"report_id\": \"report-$POST\", \"post_id\": \"$POST\", \"reporter_id\": \"bob\",
  \"reason\": \"impersonation\", \"reported_at\": \"$NOW\"
}"

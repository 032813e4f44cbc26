/*
 * Image references: what the grammar in spec_rules.h cannot say. An image must be
 * pinned (CIS Docker Benchmark 5.28): what "latest" is changes without the manifest.
 */
#include <string.h>

#include "domain/image_rules.h"
#include "spec_rules.h"

#define NAME_MAX_LEN 255 /* of registry and path together, in the engine */
#define TAG_MAX_LEN 128
#define DIGEST_LEN (7 + 64) /* "sha256:" and the digits */

bool image_is_id(const char *image)
{
	return strncmp(image, "sha256:", 7) == 0 && strlen(image) == DIGEST_LEN &&
	       strspn(image + 7, "0123456789abcdef") == 64;
}

const char *image_problem(const char *image)
{
	const char *digest = strchr(image, '@');
	size_t len = digest ? (size_t)(digest - image) : strlen(image);
	const char *slash = memrchr(image, '/', len);
	const char *base = slash ? slash + 1 : image;
	const char *tag = memchr(base, ':', len - (size_t)(base - image));
	size_t name_len = tag ? (size_t)(tag - image) : len;
	size_t tag_len = tag ? len - name_len - 1 : 0;

	if (image_is_id(image))
		return NULL;
	if (name_len > NAME_MAX_LEN)
		return "the name is longer than 255 characters";
	if (tag_len > TAG_MAX_LEN)
		return "the tag is longer than 128 characters";
	if (digest && strlen(digest + 1) != DIGEST_LEN)
		return "expected 64 hexadecimal digits behind sha256:";
	if (digest)
		return NULL;
	if (!tag)
		return "neither tag nor digest: without one the engine takes 'latest', which "
		       "changes "
		       "without the manifest";
	if (tag_len == 6 && memcmp(tag + 1, "latest", 6) == 0)
		return "the tag 'latest' changes without the manifest: expected another tag or "
		       "@sha256:DIGEST";
	return NULL;
}

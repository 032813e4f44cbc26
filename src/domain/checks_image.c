/*
 * What the images of worker and gateway bring along. Their layers were walked once for
 * each image id; what is the tenant's own here is whether setuid files give anything, and
 * which files its manifest says are no credentials.
 */
#include "checks_judges.h"

#include <inttypes.h>

#include "base/mem.h"
#include "judge.h"

struct image { /* one of the two */
	const char *who;
	const struct image_facts *facts;
	const struct process_facts *processes;
	size_t process_count;
};

enum { IMAGES = 2 };

static void images_of(const struct check_input *in, struct image out[IMAGES])
{
	const struct tenant_facts *f = in->facts;

	out[0] = (struct image){ "worker", &f->worker_image, f->processes, f->process_count };
	out[1] = (struct image){ "gateway", &f->gateway_image, f->gateway_processes,
				 f->gateway_process_count };
}

static bool have_images(const struct check_input *in, struct finding *f, struct image out[IMAGES])
{
	if (!have_worker(in, f))
		return false;
	if (!in->facts) {
		judge_unknown(f, "nothing was measured");
		return false;
	}
	images_of(in, out);
	return true;
}

static void add_looks(struct strbuf *b, const struct image images[IMAGES])
{
	for (size_t i = 0; i < IMAGES; i++) {
		const struct image_facts *f = images[i].facts;

		if (f->looked)
			strbuf_printf(b,
				      "%s%s image: %u layers, %" PRIu64 " entries, %" PRIu64
				      " files read, %s",
				      b->len ? "; " : "", images[i].who, f->layers, f->entries,
				      f->files_read, f->at);
	}
}

/* False with the verdict set when not all of it was looked at. */
static bool was_looked_at(struct finding *f, const struct image *m)
{
	const struct image_facts *x = m->facts;

	if (!x->looked && x->no_folders)
		judge_skip(f, "%s", x->error);
	else if (!x->looked)
		judge_unknown(f, "the layers of the %s image were not looked at: %s", m->who,
			      or_none(x->error));
	else if (x->cut[0] || x->unread[0])
		judge_unknown(f, "the %s image was not looked at as a whole: %s", m->who,
			      x->cut[0] ? x->cut : x->unread);
	else
		return true;
	return false;
}

/* What was found counts even when there was more to look at. */
static void conclude(struct finding *f, const struct image images[IMAGES], struct complaints *c,
		     const char *pass)
{
	auto_strbuf struct strbuf looks = STRBUF_INIT(1024);

	add_looks(&looks, images);
	judge_evidence(f, "%s", strbuf_str(&looks));
	if (c->count > 0)
		judge_complaints(f, c, "%s", "");
	else if (was_looked_at(f, &images[0]) && was_looked_at(f, &images[1]))
		judge_pass(f, "%s", pass);
}

static void complain_find(struct complaints *c, const char *who, const struct image_find *x)
{
	if (x->kind == IMAGE_USER)
		complain(c, "%s image: USER %s %s", who, x->path, x->what);
	else
		complain(c, "%s image layer %u: %s: %s%s", who, x->layer, x->path, x->what,
			 x->kind == IMAGE_DEVICE ? " device" : "");
}

void judge_image_credentials(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	struct image images[IMAGES];
	size_t allowed = 0;

	judge_expect(f, "no credential in any layer, deleted files included");
	if (!have_images(in, f, images))
		return;
	for (size_t i = 0; i < IMAGES; i++) {
		const struct image_facts *x = images[i].facts;

		for (size_t k = 0; k < x->find_count; k++) {
			const struct image_find *y = &x->finds[k];

			if (y->kind != IMAGE_CREDENTIAL)
				continue;
			if (i == 0 && strlist_has(&in->spec->allow_plain, y->path))
				allowed++;
			else
				complain_find(&c, images[i].who, y);
		}
		c.count += x->more[IMAGE_CREDENTIAL];
	}
	conclude(f, images, &c, allowed ? "none but what allow_plain names" : "none");
}

void judge_image_traps(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	struct image images[IMAGES];

	judge_expect(f, "no device node, no link at /dev, /proc or /sys, a USER that there can be");
	if (!have_images(in, f, images))
		return;
	for (size_t i = 0; i < IMAGES; i++) {
		const struct image_facts *x = images[i].facts;

		for (size_t k = 0; k < x->find_count; k++)
			if (x->finds[k].kind == IMAGE_DEVICE || x->finds[k].kind == IMAGE_PLACE ||
			    x->finds[k].kind == IMAGE_USER)
				complain_find(&c, images[i].who, &x->finds[k]);
		c.count += x->more[IMAGE_DEVICE];
	}
	conclude(f, images, &c, "none");
}

/* ---- what raises rights ---- */

static bool raises_rights(const struct image_find *x)
{
	return x->kind == IMAGE_SETUID || x->kind == IMAGE_SETGID || x->kind == IMAGE_FILECAP;
}

static const struct process_facts *may_gain(const struct image *m)
{
	for (size_t i = 0; i < m->process_count; i++)
		if (m->processes[i].status.no_new_privs != 1)
			return &m->processes[i];
	return NULL;
}

/* Names them with `c` where a process may gain by them, else only counts and shows a few. */
static size_t weigh_files(const struct image *m, struct complaints *c, struct strbuf *shown)
{
	const struct process_facts *p = may_gain(m);
	size_t count = 0;

	for (size_t k = 0; k < m->facts->find_count; k++) {
		const struct image_find *x = &m->facts->finds[k];

		if (!raises_rights(x))
			continue;
		if (p)
			complain(c, "%s process %d may gain rights by %s (layer %u, %s %s)", m->who,
				 (int)p->pid, x->path, x->layer, image_find_names[x->kind],
				 x->what);
		else
			strbuf_printf(shown, "%s%s", shown->len ? " " : "", x->path);
		count++;
	}
	count += m->facts->more[IMAGE_SETUID] + m->facts->more[IMAGE_SETGID] +
		 m->facts->more[IMAGE_FILECAP];
	return count;
}

void judge_image_privileged(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	auto_strbuf struct strbuf shown = STRBUF_INIT(600);
	auto_free char *pass = NULL;
	struct image images[IMAGES];
	size_t count = 0;

	judge_expect(f, "no setuid, setgid or file-capability program that gives anybody anything");
	if (!have_worker_process(in, f) || !have_gateway_process(in, f))
		return;
	images_of(in, images);
	for (size_t i = 0; i < IMAGES; i++)
		count += weigh_files(&images[i], &c, &shown);
	pass = count ? mem_printf("%zu such programs, which give nothing to processes with "
				  "no_new_privs, as all have: %s%s",
				  count, strbuf_str(&shown), shown.overflow ? "..." : "")
		     : mem_strdup("no such program");
	conclude(f, images, &c, pass);
}

/* What the kinds of drills ask for, and what has to come of it. Private to domain. */
#ifndef DOMAIN_DRILL_KINDS_H
#define DOMAIN_DRILL_KINDS_H

#include "domain/drill.h"

void drill_plan_fork(const struct drill_subject *s, struct drill_plan *out);
void drill_plan_memory(const struct drill_subject *s, struct drill_plan *out);
void drill_plan_tmp_bytes(const struct drill_subject *s, struct drill_plan *out);
void drill_plan_tmp_inodes(const struct drill_subject *s, struct drill_plan *out);
void drill_plan_shm_bytes(const struct drill_subject *s, struct drill_plan *out);
void drill_plan_workspace_bytes(const struct drill_subject *s, struct drill_plan *out);
void drill_plan_workspace_inodes(const struct drill_subject *s, struct drill_plan *out);
void drill_plan_cpu(const struct drill_subject *s, struct drill_plan *out);
#define DRILL_DISK_MS 3000 /* half of it for each direction */
void drill_plan_disk(const struct drill_subject *s, struct drill_plan *out);
void drill_plan_log(const struct drill_subject *s, struct drill_plan *out);
void drill_plan_descriptors(const struct drill_subject *s, struct drill_plan *out);
void drill_plan_connections(const struct drill_subject *s, struct drill_plan *out);

#define DRILL_STOPPED(name)                                                                        \
	void name(const struct drill_facts *f, struct strlist *wrong, char unknown[DRILL_TEXT_MAX])
DRILL_STOPPED(drill_stopped_fork);
DRILL_STOPPED(drill_stopped_memory);
DRILL_STOPPED(drill_stopped_fill);
DRILL_STOPPED(drill_stopped_workspace);
DRILL_STOPPED(drill_stopped_cpu);
DRILL_STOPPED(drill_stopped_disk);
DRILL_STOPPED(drill_stopped_log);
DRILL_STOPPED(drill_stopped_descriptors);
DRILL_STOPPED(drill_stopped_connections);

#endif

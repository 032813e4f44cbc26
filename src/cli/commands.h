/* One const struct per command, each defined in the file that runs it. Private to cli. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "command.h"

extern const struct command cmd_init, cmd_validate, cmd_schema;
extern const struct command cmd_plan, cmd_create, cmd_apply, cmd_delete, cmd_start, cmd_stop;
extern const struct command cmd_list, cmd_show, cmd_logs, cmd_verify, cmd_doctor;
extern const struct command cmd_seccomp_list, cmd_seccomp_show, cmd_seccomp_check, cmd_seccomp_diff;
extern const struct command cmd_secret_set, cmd_secret_list, cmd_secret_rotate, cmd_secret_rm;
extern const struct command cmd_egress_show, cmd_egress_check, cmd_egress_denied;
extern const struct command cmd_egress_allow, cmd_egress_revoke, cmd_egress_review;
extern const struct command cmd_audit_caps, cmd_audit_egress, cmd_audit_images, cmd_audit_drift;
extern const struct command cmd_audit_history, cmd_audit_log, cmd_audit_all;
extern const struct command cmd_completion, cmd_complete, cmd_manual, cmd_version, cmd_help;

#endif

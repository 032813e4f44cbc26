/* What doctor gathers beside the probe of the host. Private to ops. */
#ifndef OPS_DOCTOR_GATHER_H
#define OPS_DOCTOR_GATHER_H

#include "domain/doctor.h"
#include "ops/ops.h"

struct places { /* folders of tenantctl's own */
	struct doctor_place *items;
	size_t count;
};
void doctor_places(const struct context *c, const struct strlist *tenants, struct places *out);
void places_free(struct places *p);

/* Results of the last verifications; one that is missing or partial does not count. */
void doctor_behaviour(const struct context *c, const struct strlist *tenants,
		      struct behaviour *out);
/* Bytes of workspaces that their images do not take on the disk yet. */
uint64_t doctor_promised(const struct context *c, const struct strlist *tenants);
struct images { /* of the gateways, and of whatever else was made on this engine */
	bool gateway;
	struct image_info gateway_info;
	struct used_image *used;
	size_t used_count;
};
/* Images of all containers but the gateways', each once. */
int doctor_images(struct context *c, const struct strlist *tenants, struct images *out,
		  struct err *e) must_check;
void images_free(struct images *i);
/* What the kernel forwards, as the tools of iptables tell. ERR_NOT_FOUND: there are none. The
 * caller frees *out, which is empty at first, with firewall_free. */
int doctor_firewall(struct firewall *out, struct err *e) must_check;
/* Fills in what runtimes say of themselves and the engine does not. */
void doctor_runtime_versions(struct engine_info *engine);
/* Bridges of tenants that exist on the host, and whether the gateways' does. */
void doctor_bridges(struct context *c, const struct strlist *tenants, struct strlist *out,
		    bool *out_egress);
/* True for a worker, its twin, or a gateway of one of the tenants. */
bool doctor_is_own(const struct container_row *row, const struct strlist *tenants);
/* Containers, running or not, that are not tenantctl's. ERR_REFUSED: too many to be looked at. The
 * caller frees *out with foreign_free. */
int doctor_foreign(struct context *c, const struct strlist *tenants, struct foreign_container **out,
		   size_t *out_count, struct err *e) must_check;

#endif

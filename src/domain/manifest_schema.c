/* The manifest's JSON Schema, for editors. */
#include "base/bind.h"
#include "domain/spec.h"

struct node *manifest_schema(void)
{
	struct node *out = bind_schema(&tenant_table);
	struct node *example;

	node_set_str(out, "$id", "urn:tenantctl:manifest:1");
	node_set_str(out, "description", "Manifest of one tenant; see tenantctl-manifest(5).");
	example = node_push_object(node_set_array(out, "examples"));
	node_set_int(example, "version", 1);
	node_set_str(example, "tenant", "acme-dental");
	node_set_str(example, "image", "example/worker:1.0");
	node_push_str(node_set_array(example, "egress"), "api.example.com");
	return out;
}

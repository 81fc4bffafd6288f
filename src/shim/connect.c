/* SPDX-License-Identifier: Apache-2.0 */
/* connect.c - owns the moment at which a container's network becomes its machine's. */
#include "shim/connect.h"

#define GUEST_MS 30000

int hp_shim_connect(struct hp_shim *s, hp_ttrpc_done_fn done, void *data, struct hp_error *err)
{
	Hp__Guest__SetupRequest request = HP__GUEST__SETUP_REQUEST__INIT;
	AUTO(hp_strv_free) struct hp_strv warnings = {0};
	AUTO(hp_shim_packed_free) struct hp_shim_packed packed = {0};
	bool asked;
	int rc;

	if (!s->network)
		return 0;
	rc = hp_shim_network_read(s->network, &request.network, &warnings, err);
	for (size_t i = 0; i < warnings.count; i++)
		hp_shim_log(s->log, HP_LOG_WARN, "%s", warnings.items[i]);
	if (rc < 0)
		return -1;
	rc = hp_shim_network_join(s->network, err);
	asked = request.network->n_interfaces > 0;
	packed = hp_shim_pack(&request.base);
	hp__guest__network__free_unpacked(request.network, NULL);
	if (rc < 0 || !asked)
		return rc;
	hp_shim_guest_call(hp_shim_box_guest(s->box), "Setup", packed.bytes, GUEST_MS, done,
			   data);
	return 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-protobuf.c - replies of a daemon: the first byte chooses the message, the rest is it. */
#include "base/cleanup.h"
#include "fuzz.h"

#include "containers.pb-c.h"
#include "content.pb-c.h"
#include "cri.pb-c.h"
#include "diff.pb-c.h"
#include "events.pb-c.h"
#include "images.pb-c.h"
#include "introspection.pb-c.h"
#include "leases.pb-c.h"
#include "metrics.pb-c.h"
#include "snapshots.pb-c.h"
#include "tasks.pb-c.h"

static const ProtobufCMessageDescriptor *const replies[] = {
	&hp__list_containers_response__descriptor,
	&hp__get_container_response__descriptor,
	&hp__list_tasks_response__descriptor,
	&hp__get_task_response__descriptor,
	&hp__wait_response__descriptor,
	&hp__metrics_response__descriptor,
	&hp__v1_metrics__descriptor,
	&hp__v2_metrics__descriptor,
	&hp__envelope__descriptor,
	&hp__task_exit__descriptor,
	&hp__task_exec__descriptor,
	&hp__list_images_response__descriptor,
	&hp__read_content_response__descriptor,
	&hp__write_content_response__descriptor,
	&hp__info_response__descriptor,
	&hp__mounts_response__descriptor,
	&hp__list_snapshots_response__descriptor,
	&hp__apply_response__descriptor,
	&hp__list_leases_response__descriptor,
	&hp__plugins_response__descriptor,
	&hp__cri_status_response__descriptor,
	&hp__cri_list_containers_response__descriptor,
	&hp__cri_list_sandbox_response__descriptor,
	&hp__cri_container_status_response__descriptor,
	&hp__cri_container_stats_response__descriptor,
	&hp__cri_list_images_response__descriptor,
	&hp__cri_image_status_response__descriptor,
	&hp__cri_url_response__descriptor,
};

/* Replies are only read, never written again; what a reply holds must be whole memory. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const ProtobufCMessageDescriptor *type;
	ProtobufCMessage *message;

	if (size == 0)
		return 0;
	type = replies[data[0] % HP_ARRAY_LEN(replies)];
	message = protobuf_c_message_unpack(type, NULL, size - 1, data + 1);
	if (!message)
		return 0;
	FUZZ_CHECK(protobuf_c_message_check(message));
	protobuf_c_message_free_unpacked(message, NULL);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* oci_parts.h - the parts that config.json is put together from; for this folder only. */
#pragma once
#include "wire/oci_spec.h"

/* "mounts". Fails: HP_EINVALID - a target that is not absolute, "/", or there twice; no init. */
int hp_oci__mounts(const struct hp_oci_input *in, struct hp_json **ret,
		   struct hp_error *err) MUST_CHECK;
/* "process". */
int hp_oci__process(const struct hp_oci_input *in, struct hp_json **ret,
		    struct hp_error *err) MUST_CHECK;
/* "process.rlimits". Fails: HP_EINVALID - no such limit, soft over hard. */
int hp_oci__rlimits(const struct hp_container_spec *spec, struct hp_json **ret,
		    struct hp_error *err) MUST_CHECK;
/* "process.capabilities": what a process of user @uid with the set @caps begins with. */
struct hp_json *hp_oci__capabilities(const char *const *caps, uint32_t uid);
/* "linux.devices" and "linux.resources.devices". */
struct hp_json *hp_oci__devices(const struct hp_oci_input *in);
struct hp_json *hp_oci__device_rules(const struct hp_oci_input *in);
/* "linux.sysctl". Fails: HP_EINVALID - one that would be the host's own. */
int hp_oci__sysctls(const struct hp_container_spec *spec, struct hp_json **ret,
		    struct hp_error *err) MUST_CHECK;

/* Is a namespace mode, such as spec->pid_mode, "host"? */
bool hp_oci__is_host(const char *mode);

/* Merge "KEY=VALUE" strings into @env, in place where the key is there: the last one wins. A "KEY"
 * without "=" takes the key out, as docker does. */
void hp_oci__env_merge(struct hp_strv *env, const char *const *more);

/* JSON cannot carry a string that is no UTF-8. Fails: HP_EINVALID, naming @what and the entry. */
int hp_oci__texts_check(const char *what, const char *const *strings,
			struct hp_error *err) MUST_CHECK;

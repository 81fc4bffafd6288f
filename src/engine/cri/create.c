/* SPDX-License-Identifier: Apache-2.0 */
/* create.c - make a container in a pod of its own, change its limits, and remove both. */
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/cri/cri.h"

struct create_job {
	struct cri *c;
	char *name;
	char *image;
	char *image_id;
	char *log_dir;
	Hp__CriSandboxConfig *pod;
	Hp__CriContainerConfig *container;
	char *pod_id; /* NULL: nothing is to be undone */
};

static int remove_pod(struct cri *c, const char *id, struct hp_error *err)
{
	Hp__CriSandboxRequest request = HP__CRI_SANDBOX_REQUEST__INIT;

	request.pod_sandbox_id = (char *)id;
	if (hp_cri__call(c, HP_SVC_RUNTIME "StopPodSandbox", &request.base,
			 &hp__empty__descriptor, NULL, err) < 0 ||
	    hp_cri__call(c, HP_SVC_RUNTIME "RemovePodSandbox", &request.base,
			 &hp__empty__descriptor, NULL, err) < 0) {
		if (err->code != HP_ENOTFOUND)
			return hp_wrap(err, "remove pod '%s'", id);
		hp_error_clear(err);
	}
	return 0;
}

static void job_clear(struct create_job *j)
{
	struct hp_error ignored = HP_ERROR_INIT;

	if (j->pod_id) {
		if (remove_pod(j->c, j->pod_id, &ignored) < 0)
			hp_error_clear(&ignored);
		if (hp_remove_tree(j->log_dir, &ignored) < 0)
			hp_error_clear(&ignored);
	}
	free(j->name);
	free(j->image);
	free(j->image_id);
	free(j->log_dir);
	free(j->pod_id);
	hp_rpc_free_auto(&j->pod);
	hp_rpc_free_auto(&j->container);
}
HP_AUTO_VALUE(struct create_job, job_clear);

/* A name that another container has, whoever made it. */
static int check_name(struct cri *c, const char *name, struct hp_error *err)
{
	AUTO(hp_cri__found_clear) struct hp_cri__found found = {0};

	if (hp_cri__find(c, name, &found, err) < 0) {
		if (err->code != HP_ENOTFOUND && err->code != HP_EINVALID)
			return -1;
		hp_error_clear(err);
		return 0;
	}
	if (!hp_str_eq(hp_cri__annotation(found.container, HP_LABEL_NAME), name))
		return 0; /* it fits an id */
	return hp_fail(err, HP_EEXISTS,
		       "the name '%s' is taken by container %.12s; remove it, or choose "
		       "another name",
		       name, found.container->id);
}

static int run_pod(struct create_job *j, const struct hp_container_spec *spec,
		   struct hp_error *err)
{
	Hp__CriRunSandboxRequest request = HP__CRI_RUN_SANDBOX_REQUEST__INIT;
	AUTO_REPLY Hp__CriRunSandboxResponse *reply = NULL;

	request.config = j->pod;
	request.runtime_handler = (char *)(spec->runtime ? spec->runtime : "");
	if (hp_cri__call(j->c, HP_SVC_RUNTIME "RunPodSandbox", &request.base,
			 &hp__cri_run_sandbox_response__descriptor, &reply, err) < 0) {
		/* From: containerd pkg/registrar and CRI-O, which keep the names apart. */
		if (strstr(err->msg, "is reserved"))
			err->code = HP_EEXISTS;
		if (strstr(err->msg, "no runtime for") ||
		    strstr(err->msg, "failed to find runtime handler"))
			err->code = HP_ENOTFOUND;
		return hp_wrap(err, "make a pod for '%s'", j->name);
	}
	j->pod_id = hp_strdup(reply->pod_sandbox_id);
	return 0;
}

static int create_container(struct create_job *j, char **ret_id, struct hp_error *err)
{
	Hp__CriCreateRequest request = HP__CRI_CREATE_REQUEST__INIT;
	AUTO_REPLY Hp__CriCreateResponse *reply = NULL;

	request.pod_sandbox_id = j->pod_id;
	request.config = j->container;
	request.sandbox_config = j->pod;
	if (hp_mkdirs(j->log_dir, 0755, err) < 0)
		return -1;
	if (hp_cri__call(j->c, HP_SVC_RUNTIME "CreateContainer", &request.base,
			 &hp__cri_create_response__descriptor, &reply, err) < 0) {
		/* From: containerd oci/spec_opts.go and runc libcontainer/user. */
		if (strstr(err->msg, "no users found") ||
		    strstr(err->msg, "unable to find user"))
			err->code = HP_ENOTFOUND;
		return -1;
	}
	*ret_id = hp_strdup(reply->container_id);
	return 0;
}

int hp_cri__create(struct hp_engine *e, const struct hp_container_spec *spec, char **ret_id,
		   struct hp_error *err)
{
	AUTO(job_clear) struct create_job j = {.c = hp_cri__of(e)};
	AUTO_FREE char *random = hp_engine__random_hex(6);

	j.name = spec->name ? hp_strdup(spec->name) : hp_sprintf("c%s", random);
	j.log_dir = hp_cri__log_dir(j.c, j.name);
	if (hp_cri__image_find(j.c, spec->image, &j.image, &j.image_id, err) < 0)
		return -1;
	const struct hp_cri__plan plan = {
		.spec = spec,
		.name = j.name,
		.image = j.image,
		.image_id = j.image_id,
		.log_dir = j.log_dir,
	};
	if (hp_cri__pod_config(&plan, &j.pod, err) < 0 ||
	    hp_cri__container_config(&plan, &j.container, err) < 0 ||
	    check_name(j.c, j.name, err) < 0 || run_pod(&j, spec, err) < 0 ||
	    create_container(&j, ret_id, err) < 0)
		return hp_wrap(err, "create '%s'", j.name);
	free(TAKE(j.pod_id));
	return 0;
}

static int remove_container(struct cri *c, const char *id, struct hp_error *err)
{
	Hp__CriContainerRequest request = HP__CRI_CONTAINER_REQUEST__INIT;

	request.container_id = (char *)id;
	return hp_cri__call(c, HP_SVC_RUNTIME "RemoveContainer", &request.base,
			    &hp__empty__descriptor, NULL, err);
}

int hp_cri__remove(struct hp_engine *e, const char *ref, bool force, bool volumes,
		   struct hp_error *err)
{
	struct cri *c = hp_cri__of(e);
	AUTO(hp_cri__found_clear) struct hp_cri__found found = {0};
	AUTO_REPLY Hp__CriContainerStatusResponse *status = NULL;
	Hp__CriStopRequest stop = HP__CRI_STOP_REQUEST__INIT;

	(void)volumes; /* there are none */
	if (hp_cri__find(c, ref, &found, err) < 0 ||
	    hp_cri__status(c, found.container->id, false, &status, err) < 0)
		return -1;
	bool runs = status->status->state == HP__CRI_CONTAINER_STATE__CRI_RUNNING;
	if (runs && !force)
		return hp_fail(err, HP_ESTATE,
			       "container '%s' is running: stop it first, or force it", ref);
	stop.container_id = found.container->id;
	if (runs && hp_cri__call(c, HP_SVC_RUNTIME "StopContainer", &stop.base,
				 &hp__empty__descriptor, NULL, err) < 0)
		return hp_wrap(err, "remove '%s'", ref);
	const Hp__CriSandbox *pod = found.pod;
	if (!pod || !hp_cri__pair(pod->labels, pod->n_labels, HP_LABEL_OWN_POD)) {
		if (remove_container(c, found.container->id, err) < 0)
			return hp_wrap(err, "remove '%s'", ref);
		return 0;
	}
	const char *name = hp_cri__annotation(found.container, HP_LABEL_NAME);
	AUTO_FREE char *dir = hp_cri__log_dir(c, name ? name : found.container->id);
	if (remove_pod(c, pod->id, err) < 0 || hp_remove_tree(dir, err) < 0)
		return hp_wrap(err, "remove '%s'", ref);
	return 0;
}

int hp_cri__update(struct hp_engine *e, const char *ref, const struct hp_resources *resources,
		   struct hp_error *err)
{
	struct cri *c = hp_cri__of(e);
	AUTO(hp_cri__found_clear) struct hp_cri__found found = {0};
	AUTO_REPLY Hp__CriResources *limits = NULL;
	Hp__CriUpdateRequest request = HP__CRI_UPDATE_REQUEST__INIT;

	if (hp_cri__find(c, ref, &found, err) < 0)
		return -1;
	if (hp_cri__resources(resources, &limits, err) < 0)
		return hp_wrap(err, "update '%s'", ref);
	request.container_id = found.container->id;
	request.os = limits;
	if (hp_cri__call(c, HP_SVC_RUNTIME "UpdateContainerResources", &request.base,
			 &hp__empty__descriptor, NULL, err) < 0)
		return hp_wrap(err, "update '%s'", ref);
	return 0;
}

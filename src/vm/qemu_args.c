/* SPDX-License-Identifier: Apache-2.0 */
/* qemu_args.c - put a machine into the words of QEMU's command line. */
#include "vm/qemu_args.h"

#include "base/alloc.h"

#define MIB      (1024 * 1024)
#define DISK_SET 1

static const char *const port_names[HP_PORTS] = {
	[HP_PORT_CONTROL] = "harpoon.control",
	[HP_PORT_STDIO] = "harpoon.stdio",
	[HP_PORT_FILES] = "harpoon.files",
};

static void add(struct hp_strv *v, const char *option, const char *value)
{
	hp_strv_add(v, option);
	if (value)
		hp_strv_add(v, value);
}

/* pit=off makes the kernel trust tsc_early_khz, without which some boots hang; acpi=on is the only
 * way in which Debian's kernels find the devices; the serial port is the kernel's console. */
static void add_machine(struct hp_strv *v, const struct hp_vmm_spawn *s)
{
	const struct hp_vm_config *c = s->config;

	add(v, "-M", NULL);
	hp_strv_addf(
		v, "microvm,acpi=on,rtc=on,pit=off,pic=off,isa-serial=on,dump-guest-core=off%s",
		s->memory_fd >= 0 ? ",memory-backend=m" : "");
	if (hp_str_eq(hp_host_accel(s->host, c), "kvm")) {
		add(v, "-accel", "kvm");
		add(v, "-cpu", "host");
	} else {
		/* Without a limit the cache of translated code grows to a GiB. */
		add(v, "-accel", NULL);
		hp_strv_addf(v, "tcg,tb-size=%u", c->tcg_cache_mib);
		/* A kernel that is told of fast strings copies byte by byte, each of which TCG takes
		 * as one step; otherwise it copies words: measured to be five times as fast. */
		add(v, "-cpu", "max,-erms,-fsrm");
	}
	add(v, "-m", NULL);
	hp_strv_addf(v, "%llu", (unsigned long long)(s->shape.memory_bytes / MIB));
	add(v, "-smp", NULL);
	hp_strv_addf(v, "%u", s->shape.cpus);
	if (s->memory_fd < 0)
		return;
	add(v, "-object", NULL);
	hp_strv_addf(v, "memory-backend-file,id=m,size=%llu,mem-path=/proc/self/fd/%d,share=%s",
		     (unsigned long long)s->shape.memory_bytes, HP_QEMU_MEMORY,
		     s->state_fd >= 0 ? "off" : "on");
}

/* What keeps it small, and in its place. */
static void add_walls(struct hp_strv *v)
{
	add(v, "-nodefaults", NULL);
	add(v, "-no-user-config", NULL);
	add(v, "-no-reboot", NULL);
	add(v, "-display", "none");
	add(v, "-monitor", "none");
	add(v, "-sandbox",
	    "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
}

static void add_network(struct hp_strv *v)
{
	add(v, "-netdev", NULL);
	hp_strv_addf(v, "tap,id=net0,fd=%d,vhost=off", HP_QEMU_TAP);
	/* The guest gives it the container's address. */
	add(v, "-device", "virtio-net-device,netdev=net0,mac=02:00:00:00:00:01");
}

/* A guest learns a disk's size once, with its driver. So a template's empty disk is larger than any
 * that a clone has in its place: a file system keeps to its own size, and what lies beyond the end of
 * the real disk fails to be read or written. QEMU gets a descriptor and has no part in finding the
 * file; what it did not get for writing it cannot write to. */
static void add_disk(struct hp_strv *v, const struct hp_vmm_spawn *s)
{
	const char *read_only = s->shape.disk == HP_DISK_READ_ONLY ? "on" : "off";

	if (s->disk) {
		add(v, "-add-fd", NULL);
		hp_strv_addf(v, "fd=%d,set=%d", HP_QEMU_DISK, DISK_SET);
	}
	add(v, "-blockdev", NULL);
	if (s->disk)
		hp_strv_addf(v,
			     "driver=%s,node-name=disk0,filename=/dev/fdset/%d,discard=unmap,"
			     "read-only=%s",
			     s->disk->device ? "host_device" : "file", DISK_SET, read_only);
	else
		hp_strv_addf(v,
			     "driver=null-co,node-name=disk0,size=1125899906842624,"
			     "read-zeroes=on,read-only=%s",
			     read_only);
	add(v, "-device",
	    "virtio-blk-device,drive=disk0,logical_block_size=512,physical_block_size=512");
}

static void add_devices(struct hp_strv *v, const struct hp_vmm_spawn *s)
{
	/* The modern layout, the only one that all of QEMU's helpers take. */
	add(v, "-global", "virtio-mmio.force-legacy=false");
	add(v, "-chardev", NULL);
	hp_strv_addf(v, "socket,id=qmp,fd=%d", HP_QEMU_QMP);
	add(v, "-mon", "chardev=qmp,mode=control");
	add(v, "-chardev", NULL);
	hp_strv_addf(v, "socket,id=console,fd=%d", HP_QEMU_CONSOLE);
	add(v, "-serial", "chardev:console");
	add(v, "-device", NULL);
	hp_strv_addf(v, "virtio-serial-device,max_ports=%d", HP_PORTS + 1);
	for (int i = 0; i < HP_PORTS; i++) {
		add(v, "-chardev", NULL);
		hp_strv_addf(v, "socket,id=port%d,fd=%d", i, HP_QEMU_PORT + i);
		add(v, "-device", NULL);
		hp_strv_addf(v, "virtserialport,id=%s,chardev=port%d,name=%s", port_names[i], i,
			     port_names[i]);
	}
	if (s->shape.net)
		add_network(v);
	if (s->shape.disk != HP_DISK_NONE)
		add_disk(v, s);
}

/* From: Linux Documentation/admin-guide/kernel-parameters.txt. A panic ends the machine at once. */
static void add_boot(struct hp_strv *v, const struct hp_vmm_spawn *s)
{
	AUTO_FREE char *tsc = hp_sprintf(" tsc_early_khz=%u", s->host->tsc_khz);

	add(v, "-kernel", NULL);
	hp_strv_addf(v, "/proc/self/fd/%d", HP_QEMU_KERNEL);
	add(v, "-initrd", NULL);
	hp_strv_addf(v, "/proc/self/fd/%d", HP_QEMU_INITRD);
	add(v, "-append", NULL);
	hp_strv_addf(v, "console=ttyS0 quiet reboot=t panic=-1 tsc=reliable no_timer_check%s",
		     s->host->tsc_khz ? tsc : "");
}

void hp_qemu_args(const struct hp_vmm_spawn *s, struct hp_strv *ret)
{
	hp_strv_add(ret, s->config->qemu);
	hp_strv_add(ret, "-name");
	hp_strv_addf(ret, "harpoon-%s", s->id);
	add_machine(ret, s);
	add_walls(ret);
	add_devices(ret, s);
	if (s->state_fd < 0)
		add_boot(ret, s);
	else
		add(ret, "-incoming", "defer");
	if (s->stopped)
		hp_strv_add(ret, "-S");
}

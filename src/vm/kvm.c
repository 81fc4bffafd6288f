/* SPDX-License-Identifier: Apache-2.0 */
/* kvm.c - try KVM with the instructions that restricted ones fail at. */
#include "vm/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"

#define PATIENCE_MS 2000 /* it takes 1, and 120 on a host that is emulated itself */
#define MEMORY      (1u << 20)
#define CODE_AT     0x10000
#define STACK_AT    0x20000
#define PML4_AT     0x1000
#define PDPT_AT     0x2000
#define PD_AT       0x3000
#define TSS_AT      0xfffbd000
#define CPUID_MAX   256
#define PORT        0xf1
#define ROUNDS      64 /* of exits until one is the end */

/* From: Intel SDM volume 3, 2.5 "Control Registers" and 4.5 "4-Level Paging". */
#define CR0_LONG  0x80050033u
#define CR4_LONG  ((1u << 5) | (1u << 9) | (1u << 10)) /* PAE OSFXSR OSXMMEXCPT */
#define EFER_LONG ((1u << 8) | (1u << 10))             /* LME LMA */
#define PAGE_RW   0x3u
#define PAGE_BIG  0x83u

/* What a kernel does early: atomic exchange of 16 bytes, SSE, the stack, page tables, a loop; then
 * it writes 'K' to a port and halts. rsi points to scratch memory. */
static const uint8_t code[] = {
	0x48, 0xc7, 0xc6, 0x00, 0x00, 0x03, 0x00, /* mov rsi, 0x30000 */
	0x31, 0xc0,                               /* xor eax, eax */
	0x31, 0xd2,                               /* xor edx, edx */
	0xbb, 0x07, 0x00, 0x00, 0x00,             /* mov ebx, 7 */
	0x31, 0xc9,                               /* xor ecx, ecx */
	0xf0, 0x48, 0x0f, 0xc7, 0x0e,             /* lock cmpxchg16b [rsi] */
	0x83, 0x3e, 0x07,                         /* cmp dword [rsi], 7 */
	0x75, 0x2e,                               /* jne the halt */
	0xf3, 0x0f, 0x6f, 0x06,                   /* movdqu xmm0, [rsi] */
	0x66, 0x0f, 0xfe, 0xc0,                   /* paddd xmm0, xmm0 */
	0x66, 0x0f, 0x7e, 0xc0,                   /* movd eax, xmm0 */
	0x83, 0xf8, 0x0e,                         /* cmp eax, 14 */
	0x75, 0x1d,                               /* jne the halt */
	0x50,                                     /* push rax */
	0x5b,                                     /* pop rbx */
	0x0f, 0x20, 0xd8,                         /* mov rax, cr3 */
	0x0f, 0x22, 0xd8,                         /* mov cr3, rax */
	0x0f, 0x01, 0x3e,                         /* invlpg [rsi] */
	0xb9, 0x00, 0x00, 0x01, 0x00,             /* mov ecx, 65536 */
	0xff, 0xc9,                               /* dec ecx */
	0x75, 0xfc,                               /* jnz the line above */
	0x83, 0xfb, 0x0e,                         /* cmp ebx, 14 */
	0x75, 0x04,                               /* jne the halt */
	0xb0, 0x4b,                               /* mov al, 'K' */
	0xe6, PORT,                               /* out PORT, al */
	0xf4,                                     /* hlt */
};

struct probe {
	int kvm, vm, cpu;
	uint8_t *memory;
	struct kvm_run *run;
	size_t run_size;
	char *why;
	size_t why_size;
};

static void probe_clear(struct probe *p)
{
	if (p->run)
		munmap(p->run, p->run_size);
	if (p->memory)
		munmap(p->memory, MEMORY);
	if (p->cpu >= 0)
		close(p->cpu);
	if (p->vm >= 0)
		close(p->vm);
	if (p->kvm >= 0)
		close(p->kvm);
}
HP_AUTO_VALUE(struct probe, probe_clear);

static bool no(struct probe *p, const char *what)
{
	snprintf(p->why, p->why_size, "%s: %s", what, strerror(errno));
	return false;
}

static void *map(size_t size, int flags, int fd)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	return at == MAP_FAILED ? NULL : at;
}

static bool make_machine(struct probe *p)
{
	p->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (p->kvm < 0)
		return no(p, "/dev/kvm");
	p->vm = ioctl(p->kvm, KVM_CREATE_VM, 0);
	if (p->vm < 0 || ioctl(p->vm, KVM_SET_TSS_ADDR, TSS_AT) < 0)
		return no(p, "make a machine");
	p->memory = map(MEMORY, MAP_SHARED | MAP_ANONYMOUS, -1);
	if (!p->memory)
		return no(p, "memory");

	struct kvm_userspace_memory_region region = {
		.memory_size = MEMORY,
		.userspace_addr = (uintptr_t)p->memory,
	};
	if (ioctl(p->vm, KVM_SET_USER_MEMORY_REGION, &region) < 0)
		return no(p, "give it memory");
	return true;
}

static bool set_cpuid(struct probe *p)
{
	AUTO_FREE struct kvm_cpuid2 *cpuid =
		hp_alloc(sizeof(*cpuid) + CPUID_MAX * sizeof(cpuid->entries[0]));

	cpuid->nent = CPUID_MAX;
	if (ioctl(p->kvm, KVM_GET_SUPPORTED_CPUID, cpuid) < 0 ||
	    ioctl(p->cpu, KVM_SET_CPUID2, cpuid) < 0)
		return no(p, "describe the processor");
	return true;
}

static bool make_cpu(struct probe *p)
{
	p->cpu = ioctl(p->vm, KVM_CREATE_VCPU, 0);
	if (p->cpu < 0)
		return no(p, "make a processor");

	int size = ioctl(p->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (size < (int)sizeof(*p->run))
		return no(p, "see the processor");
	p->run_size = (size_t)size;
	p->run = map(p->run_size, MAP_SHARED, p->cpu);
	return p->run ? set_cpuid(p) : no(p, "see the processor");
}

static void put_entry(struct probe *p, unsigned at, uint64_t entry)
{
	memcpy(p->memory + at, &entry, sizeof(entry));
}

/* 64-bit mode, with the first 2 MiB where they are. */
static bool set_state(struct probe *p)
{
	struct kvm_sregs s;
	struct kvm_regs r = {.rip = CODE_AT, .rsp = STACK_AT, .rflags = 2};

	put_entry(p, PML4_AT, PDPT_AT | PAGE_RW);
	put_entry(p, PDPT_AT, PD_AT | PAGE_RW);
	put_entry(p, PD_AT, PAGE_BIG);
	memcpy(p->memory + CODE_AT, code, sizeof(code));
	if (ioctl(p->cpu, KVM_GET_SREGS, &s) < 0)
		return no(p, "read the processor");
	s.cs = (struct kvm_segment){.limit = 0xffffffff,
				    .selector = 8,
				    .type = 11,
				    .present = 1,
				    .s = 1,
				    .l = 1,
				    .g = 1};
	s.ds = (struct kvm_segment){.limit = 0xffffffff,
				    .selector = 16,
				    .type = 3,
				    .present = 1,
				    .s = 1,
				    .db = 1,
				    .g = 1};
	s.es = s.fs = s.gs = s.ss = s.ds;
	s.cr0 = CR0_LONG;
	s.cr3 = PML4_AT;
	s.cr4 = CR4_LONG;
	s.efer = EFER_LONG;
	if (ioctl(p->cpu, KVM_SET_SREGS, &s) < 0 || ioctl(p->cpu, KVM_SET_REGS, &r) < 0)
		return no(p, "set the processor");
	return true;
}

static bool wrote_mark(const struct kvm_run *run)
{
	return run->exit_reason == KVM_EXIT_IO && run->io.port == PORT &&
	       run->io.direction == KVM_EXIT_IO_OUT &&
	       ((const char *)run)[run->io.data_offset] == 'K';
}

static bool run_code(struct probe *p)
{
	bool marked = false;

	for (int i = 0; i < ROUNDS; i++) {
		if (ioctl(p->cpu, KVM_RUN, 0) < 0 && errno != EINTR)
			return no(p, "run");
		if (wrote_mark(p->run)) {
			marked = true;
			continue;
		}
		if (p->run->exit_reason == KVM_EXIT_HLT && marked)
			return true;
		if (p->run->exit_reason != KVM_EXIT_INTR)
			break;
	}
	snprintf(p->why, p->why_size, "it does not run a kernel's instructions (exit %u)",
		 p->run->exit_reason);
	return false;
}

static bool probe(char *why, size_t size)
{
	AUTO(probe_clear)
	struct probe p = {.kvm = -1, .vm = -1, .cpu = -1, .why = why, .why_size = size};

	why[0] = '\0';
	return make_machine(&p) && make_cpu(&p) && set_state(&p) && run_code(&p);
}

/* In the child: tell why not; nothing is "it works". */
static _Noreturn void probe_and_tell(int fd)
{
	char why[128];

	if (!probe(why, sizeof(why)) && write(fd, why, strlen(why)) < 0)
		_exit(1);
	_exit(0);
}

/* What the child tells, within the time that it has. */
static bool hear(int fd, char *why, size_t size)
{
	struct hp_error err = HP_ERROR_INIT;
	int events = hp_fd_poll(fd, POLLIN, PATIENCE_MS, &err);
	ssize_t n;

	snprintf(why, size, "it does not end within %d ms", PATIENCE_MS);
	if (events <= 0)
		return false;
	n = read(fd, why, size - 1);
	why[n > 0 ? n : 0] = '\0';
	return n == 0;
}

bool hp_kvm_works(char *ret_why, size_t size)
{
	struct hp_error err = HP_ERROR_INIT;
	int status = 0;
	int fds[2];
	pid_t pid;
	bool works;

	if (hp_pipe(fds, &err) < 0) {
		snprintf(ret_why, size, "%s", err.msg);
		return false;
	}
	pid = fork();
	if (pid == 0)
		probe_and_tell(fds[1]);
	close(fds[1]);
	works = pid > 0 && hear(fds[0], ret_why, size);
	close(fds[0]);
	if (pid < 0) {
		snprintf(ret_why, size, "fork: %s", strerror(errno));
		return false;
	}
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	/* A child that died told nothing either. */
	if (works && !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
		snprintf(ret_why, size, "the probe ended with status %d", status);
		works = false;
	}
	return works;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* setup.c - owns the clock, the entropy and the name of the machine. */
#include "guest/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"

int hp_guest_setup_clock(int64_t unix_ns, struct hp_error *err)
{
	const struct timespec now = {
		.tv_sec = unix_ns / 1000000000,
		.tv_nsec = unix_ns % 1000000000,
	};

	if (clock_settime(CLOCK_REALTIME, &now) < 0)
		return hp_fail_errno(err, errno, "set the clock");
	return 0;
}

int hp_guest_setup_entropy(struct hp_bytes entropy, struct hp_error *err)
{
	AUTO_CLOSE int fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);
	AUTO_FREE struct rand_pool_info *pool = hp_alloc(sizeof(*pool) + entropy.len);

	if (fd < 0)
		return hp_fail_errno(err, errno, "open '/dev/urandom'");
	pool->entropy_count = (int)entropy.len * 8;
	pool->buf_size = (int)entropy.len;
	memcpy(pool->buf, entropy.data, entropy.len);
	if (ioctl(fd, RNDADDENTROPY, pool) < 0)
		return hp_fail_errno(err, errno, "credit entropy");
	/* Clones of one template would draw the same numbers until the next reseed. */
	if (ioctl(fd, RNDRESEEDCRNG) < 0)
		return hp_fail_errno(err, errno, "reseed the random generator");
	return 0;
}

int hp_guest_setup(const Hp__Guest__SetupRequest *r, struct hp_error *err)
{
	if (r->unix_ns && hp_guest_setup_clock(r->unix_ns, err) < 0)
		return -1;
	if (r->entropy.len &&
	    hp_guest_setup_entropy(HP_BYTES(r->entropy.data, r->entropy.len), err) < 0)
		return -1;
	if (*r->hostname && sethostname(r->hostname, strlen(r->hostname)) < 0)
		return hp_fail_errno(err, errno, "set hostname '%s'", r->hostname);
	return 0;
}

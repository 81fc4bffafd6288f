/* SPDX-License-Identifier: Apache-2.0 */
/* time.c - owns the texts of moments: RFC 3339, what users type, and what people read. */
#include "base/clock.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/str.h"

#define NS_PER_S INT64_C(1000000000)

void hp_time_format(int64_t unix_ns, char ret_text[HP_TIME_TEXT])
{
	int64_t ns = unix_ns % NS_PER_S;
	time_t s = (time_t)(unix_ns / NS_PER_S);
	struct tm tm;
	size_t len;

	/* Before 1970 the remainder is negative; RFC 3339 counts forward from a whole second. */
	if (ns < 0) {
		ns += NS_PER_S;
		s--;
	}
	gmtime_r(&s, &tm);
	len = strftime(ret_text, HP_TIME_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(ret_text + len, HP_TIME_TEXT - len, ".%09uZ", (unsigned)ns);
}

/* Take @n digits off the front of *@s. */
static bool take_digits(const char **s, int n, int *ret)
{
	int value = 0;

	for (int i = 0; i < n; i++, (*s)++) {
		if (!isdigit((unsigned char)**s))
			return false;
		value = value * 10 + (**s - '0');
	}
	*ret = value;
	return true;
}

static bool take_char(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* "2026-11-21T10:00:00" */
static bool take_date_time(const char **s, struct tm *tm)
{
	if (!take_digits(s, 4, &tm->tm_year) || !take_char(s, '-') ||
	    !take_digits(s, 2, &tm->tm_mon) || !take_char(s, '-') ||
	    !take_digits(s, 2, &tm->tm_mday))
		return false;
	if (!take_char(s, 'T') && !take_char(s, 't') && !take_char(s, ' '))
		return false;
	if (!take_digits(s, 2, &tm->tm_hour) || !take_char(s, ':') ||
	    !take_digits(s, 2, &tm->tm_min) || !take_char(s, ':') ||
	    !take_digits(s, 2, &tm->tm_sec))
		return false;
	if (tm->tm_mon < 1 || tm->tm_mon > 12 || tm->tm_mday < 1 ||
	    tm->tm_mday > days_in_month(tm->tm_year, tm->tm_mon))
		return false;
	return tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec < 60;
}

/* ".5", ".123456789", or nothing; digits after the ninth are dropped. */
static bool take_fraction(const char **s, int64_t *ret_ns)
{
	int64_t unit = NS_PER_S / 10;

	*ret_ns = 0;
	if (!take_char(s, '.'))
		return true;
	if (!isdigit((unsigned char)**s))
		return false;
	for (; isdigit((unsigned char)**s); (*s)++, unit /= 10)
		*ret_ns += unit * (**s - '0');
	return true;
}

/* "Z", "+02:00" */
static bool take_offset(const char **s, int64_t *ret_s)
{
	int sign = **s == '-' ? -1 : 1;
	int hours = 0;
	int minutes = 0;

	*ret_s = 0;
	if (take_char(s, 'Z') || take_char(s, 'z'))
		return true;
	if (!take_char(s, '+') && !take_char(s, '-'))
		return false;
	if (!take_digits(s, 2, &hours) || !take_char(s, ':') || !take_digits(s, 2, &minutes) ||
	    hours > 23 || minutes > 59)
		return false;
	*ret_s = (int64_t)sign * (hours * 3600 + minutes * 60);
	return true;
}

int hp_time_parse(const char *text, int64_t *ret_unix_ns, struct hp_error *err)
{
	struct tm tm = {0};
	const char *s = text;
	int64_t offset_s;
	int64_t ns;
	int64_t total;

	if (!take_date_time(&s, &tm) || !take_fraction(&s, &ns) ||
	    !take_offset(&s, &offset_s) || *s != '\0')
		return hp_fail(err, HP_EINVALID,
			       "time '%s' is not of the form 2006-01-02T15:04:05.5Z", text);
	/* Go's zero time stands for "not known" in all that containerd and docker write. */
	if (tm.tm_year == 1) {
		*ret_unix_ns = 0;
		return 0;
	}
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	if (__builtin_mul_overflow((int64_t)timegm(&tm) - offset_s, NS_PER_S, &total) ||
	    __builtin_add_overflow(total, ns, &total))
		return hp_fail(err, HP_EINVALID, "time '%s' is not between 1678 and 2262",
			       text);
	*ret_unix_ns = total;
	return 0;
}

/* Without an offset it is the time of the user's clock. From: docker api/types/time, the layouts
 * of GetTimestamp(). */
static bool parse_local(const char *text, int64_t *ret_unix_ns)
{
	static const char *const layouts[] = {"%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S",
					      "%Y-%m-%d %H:%M:%S"};

	for (size_t i = 0; i < HP_ARRAY_LEN(layouts); i++) {
		struct tm tm = {.tm_isdst = -1};
		const char *end = strptime(text, layouts[i], &tm);
		int day = tm.tm_mday;
		if (!end || *end)
			continue;
		time_t seconds = mktime(&tm);
		/* A day that the month does not have would become one of the next. */
		return tm.tm_mday == day &&
		       !__builtin_mul_overflow((int64_t)seconds, NS_PER_S, ret_unix_ns);
	}
	return false;
}

int hp_time_parse_user(const char *text, int64_t now_ns, int64_t *ret_unix_ns,
		       struct hp_error *err)
{
	struct hp_error ignored = HP_ERROR_INIT;
	int64_t value;

	if (*text && text[strspn(text, "0123456789.")] == '\0') {
		if (hp_str_nano(text, &value, err) < 0)
			return hp_wrap(err, "time");
		*ret_unix_ns = value;
		return 0;
	}
	if (strspn(text, "0123456789") == 4 && text[4] == '-') {
		if (!parse_local(text, &value))
			return hp_time_parse(text, ret_unix_ns, err);
		*ret_unix_ns = value;
		return 0;
	}
	if (hp_str_duration(text, &value, &ignored) < 0)
		return hp_fail(err, HP_EINVALID,
			       "'%s' is neither a time such as 2006-01-02T15:04:05Z, nor a "
			       "Unix time, nor a duration such as 10m",
			       text);
	if (__builtin_mul_overflow(value, INT64_C(1000000), &value) ||
	    __builtin_sub_overflow(now_ns, value, &value))
		return hp_fail(err, HP_EINVALID, "time '%s' is too long ago", text);
	*ret_unix_ns = value;
	return 0;
}

/* From: docker/go-units duration.go, HumanDuration: the words and where each begins. */
char *hp_time_ago(int64_t unix_ns, int64_t now_ns)
{
	int64_t seconds = now_ns / NS_PER_S - unix_ns / NS_PER_S;
	int64_t minutes = seconds / 60;
	int64_t hours = (seconds + 1800) / 3600;

	if (now_ns % NS_PER_S < unix_ns % NS_PER_S)
		seconds--;
	if (seconds < 1)
		return hp_strdup("Less than a second ago");
	if (seconds == 1)
		return hp_strdup("1 second ago");
	if (seconds < 60)
		return hp_sprintf("%d seconds ago", (int)seconds);
	if (minutes == 1)
		return hp_strdup("About a minute ago");
	if (minutes < 60)
		return hp_sprintf("%d minutes ago", (int)minutes);
	if (hours == 1)
		return hp_strdup("About an hour ago");
	if (hours < 48)
		return hp_sprintf("%d hours ago", (int)hours);
	if (hours < 24 * 7 * 2)
		return hp_sprintf("%d days ago", (int)(hours / 24));
	if (hours < 24 * 30 * 2)
		return hp_sprintf("%d weeks ago", (int)(hours / 24 / 7));
	if (hours < 24 * 365 * 2)
		return hp_sprintf("%d months ago", (int)(hours / 24 / 30));
	return hp_sprintf("%d years ago", (int)(seconds / 3600 / 24 / 365));
}

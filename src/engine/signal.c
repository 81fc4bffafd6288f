/* SPDX-License-Identifier: Apache-2.0 */
/* signal.c - the names and numbers of signals, as people write them. */
#include "engine/engine_impl.h"

#include <ctype.h>
#include <strings.h>

#include "base/str.h"

/* The first and last real-time signal that programs may use, the same in every container
 * whatever C library it has. From: signal(7), "Real-time signals"; docker counts so too. */
#define RT_MIN 34
#define RT_MAX 64

/* From: signal(7), "Signal numbering for standard signals", column x86/ARM; real-time names as
 * kill(1) of bash writes them. 32 and 33 belong to the C library and have no name. */
static const char *const names[RT_MAX + 1] = {
	[1] = "HUP",       [2] = "INT",       [3] = "QUIT",      [4] = "ILL",
	[5] = "TRAP",      [6] = "ABRT",      [7] = "BUS",       [8] = "FPE",
	[9] = "KILL",      [10] = "USR1",     [11] = "SEGV",     [12] = "USR2",
	[13] = "PIPE",     [14] = "ALRM",     [15] = "TERM",     [16] = "STKFLT",
	[17] = "CHLD",     [18] = "CONT",     [19] = "STOP",     [20] = "TSTP",
	[21] = "TTIN",     [22] = "TTOU",     [23] = "URG",      [24] = "XCPU",
	[25] = "XFSZ",     [26] = "VTALRM",   [27] = "PROF",     [28] = "WINCH",
	[29] = "IO",       [30] = "PWR",      [31] = "SYS",      [34] = "RTMIN",
	[35] = "RTMIN+1",  [36] = "RTMIN+2",  [37] = "RTMIN+3",  [38] = "RTMIN+4",
	[39] = "RTMIN+5",  [40] = "RTMIN+6",  [41] = "RTMIN+7",  [42] = "RTMIN+8",
	[43] = "RTMIN+9",  [44] = "RTMIN+10", [45] = "RTMIN+11", [46] = "RTMIN+12",
	[47] = "RTMIN+13", [48] = "RTMIN+14", [49] = "RTMIN+15", [50] = "RTMAX-14",
	[51] = "RTMAX-13", [52] = "RTMAX-12", [53] = "RTMAX-11", [54] = "RTMAX-10",
	[55] = "RTMAX-9",  [56] = "RTMAX-8",  [57] = "RTMAX-7",  [58] = "RTMAX-6",
	[59] = "RTMAX-5",  [60] = "RTMAX-4",  [61] = "RTMAX-3",  [62] = "RTMAX-2",
	[63] = "RTMAX-1",  [64] = "RTMAX",
};

/* Other names of the same signals. From: signal(7). */
static const struct {
	const char *name;
	int number;
} aliases[] = {{"IOT", 6}, {"CLD", 17}, {"POLL", 29}, {"UNUSED", 31}};

static int unknown_signal(const char *text, struct hp_error *err)
{
	return hp_fail(
		err, HP_EINVALID,
		"'%.64s' is no signal; give a name such as TERM, SIGKILL or RTMIN+3, or a "
		"number from 1 to 64",
		text ? text : "");
}

/* "+3" after RTMIN or "-3" after RTMAX: decimal digits, one or two of them. -1 is "no". */
static int parse_offset(const char *text, char sign)
{
	if (text[0] != sign || !isdigit((unsigned char)text[1]))
		return -1;
	if (text[2] && (!isdigit((unsigned char)text[2]) || text[3]))
		return -1;
	int tens = text[2] ? (text[1] - '0') * 10 : 0;
	return tens + (text[2] ? text[2] : text[1]) - '0';
}

/* Real-time signals counted from either end. -1 is "no". */
static int parse_realtime(const char *name)
{
	int offset = -1;

	if (!strncasecmp(name, "RTMIN", 5) && name[5])
		offset = parse_offset(name + 5, '+');
	else if (!strncasecmp(name, "RTMAX", 5) && name[5])
		offset = parse_offset(name + 5, '-');
	if (offset < 0 || offset > RT_MAX - RT_MIN)
		return -1;
	return (name[3] == 'i' || name[3] == 'I') ? RT_MIN + offset : RT_MAX - offset;
}

int hp_signal_parse(const char *text, int *ret_signal, struct hp_error *err)
{
	if (hp_str_empty(text))
		return unknown_signal(text, err);
	if (isdigit((unsigned char)text[0])) {
		struct hp_error ignored = HP_ERROR_INIT;
		uint64_t number = 0;
		if (hp_str_u64(text, &number, &ignored) < 0 || number < 1 || number > RT_MAX)
			return unknown_signal(text, err);
		*ret_signal = (int)number;
		return 0;
	}

	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	int found = parse_realtime(name);
	for (int i = 1; found < 0 && i <= RT_MAX; i++)
		if (names[i] && !strcasecmp(names[i], name))
			found = i;
	for (size_t i = 0; found < 0 && i < HP_ARRAY_LEN(aliases); i++)
		if (!strcasecmp(aliases[i].name, name))
			found = aliases[i].number;
	if (found < 0)
		return unknown_signal(text, err);
	*ret_signal = found;
	return 0;
}

const char *hp_signal_name(int number)
{
	return number >= 1 && number <= RT_MAX ? names[number] : NULL;
}

#include "config.h"

#include "sampler/process/address.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/print.h"
#include "leaktop/sampler.h"
#include "leaktop/wire.h"

static char told_folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
static bool told_too_long, told_only;	/* only: no other is to do */

void
lk_address_tell(const char *dir, const char *xdg)
{
	struct lk_print p;

	told_only = dir != NULL && dir[0] == '/';
	lk_print_init(&p, told_folder, sizeof(told_folder));
	if (told_only) {
		lk_print_str(&p, dir);
	} else if (xdg != NULL && xdg[0] == '/') {
		lk_print_str(&p, xdg);
		lk_print_str(&p, "/leaktop");
	}
	told_too_long = p.full || p.length == p.capacity;
	lk_print_end(&p);
}

/* Where the first cannot be made, as in a container whose root is read-only, the next is taken;
 * that of a session goes with it, and the process stays. */
static const char *const folders[] = {told_folder, "/run/leaktop", "/tmp/leaktop-",
	"/dev/shm/leaktop-"};
enum { TOLD, ROOTS, FIRST_OF_USER };

static void
put_folder(struct lk_print *p, size_t which)
{
	lk_print_str(p, folders[which]);
	if (which >= FIRST_OF_USER)
		lk_print_u64(p, geteuid());
}

static bool
is_meant(size_t which)
{
	if (which == TOLD)
		return told_folder[0] != '\0' && !told_too_long;
	return !told_only && (which != ROOTS || geteuid() == 0);
}

/* Only a folder that nobody else can write to keeps others from taking the name first. */
static int
claim_folder(const char *folder)
{
	struct stat st;

	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		return -errno;
	if (lstat(folder, &st) != 0)
		return -errno;
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022) != 0)
		return -EPERM;
	return 0;
}

/* Returns: 0, the folder is in PATH; -EPERM, -ENAMETOOLONG, others of mkdir. */
static int
choose_folder(struct lk_print *p, char *path, size_t size)
{
	int rc = told_too_long ? -ENAMETOOLONG : -ENOENT;

	for (size_t i = 0; i < LK_COUNT_OF(folders); i++) {
		if (!is_meant(i))
			continue;
		lk_print_init(p, path, size);
		put_folder(p, i);
		lk_print_end(p);
		rc = p->full ? -ENAMETOOLONG : claim_folder(path);
		if (rc == 0)
			break;
	}
	return rc;
}

int
lk_address_check(void)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct lk_print p;

	return choose_folder(&p, path, sizeof(path));
}

static int
put_path(char *path, size_t size)
{
	struct lk_print p;
	int rc = choose_folder(&p, path, size);

	if (rc < 0)
		return rc;
	lk_print_str(&p, "/" LK_SOCKET_PREFIX);
	lk_print_u64(&p, (uint64_t)getpid());
	lk_print_str(&p, LK_SOCKET_SUFFIX);
	lk_print_end(&p);
	return p.full || p.length >= sizeof(((struct sockaddr_un *)0)->sun_path) ?
	    -ENAMETOOLONG : 0;
}

int
lk_address_listen(char *path, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, rc = put_path(path, size);

	if (rc < 0)
		return rc;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	memcpy(address.sun_path, path, strlen(path) + 1);
	unlink(path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    chmod(path, 0600) != 0 || listen(fd, 64) != 0) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

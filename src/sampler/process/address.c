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
static bool told_too_long;

void
lk_address_tell(const char *dir, const char *xdg)
{
	struct lk_print p;

	lk_print_init(&p, told_folder, sizeof(told_folder));
	if (dir != NULL && dir[0] == '/') {
		lk_print_str(&p, dir);
	} else if (xdg != NULL && xdg[0] == '/') {
		lk_print_str(&p, xdg);
		lk_print_str(&p, "/leaktop");
	}
	told_too_long = p.full || p.length == p.capacity;
	lk_print_end(&p);
}

/* Where the first cannot be made, as in a container whose root is read-only, the next is taken. */
static const char *const folders[] = {"/run/leaktop", "/tmp/leaktop-", "/dev/shm/leaktop-"};

static void
put_folder(struct lk_print *p, size_t which)
{
	if (told_folder[0] != '\0') {
		lk_print_str(p, told_folder);
		return;
	}
	lk_print_str(p, folders[which]);
	if (which > 0)
		lk_print_u64(p, geteuid());
}

static size_t
first_folder(void)
{
	return geteuid() == 0 ? 0 : 1;
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

static int
put_path(char *path, size_t size)
{
	struct lk_print p;
	int rc = -ENOENT;

	if (told_too_long)
		return -ENAMETOOLONG;
	for (size_t i = first_folder(); rc < 0 && i < LK_COUNT_OF(folders); i++) {
		lk_print_init(&p, path, size);
		put_folder(&p, i);
		lk_print_end(&p);
		rc = p.full ? -ENAMETOOLONG : claim_folder(path);
		if (told_folder[0] != '\0')
			break;
	}
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

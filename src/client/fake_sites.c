#include "config.h"

#include "client/fake_sites.h"

#include "leaktop/wire.h"

#include "base/attr.h"

#define DJANGO "/usr/lib/python3/dist-packages/django/"
#define GUNICORN "/usr/lib/python3/dist-packages/gunicorn/"
#define PYTHON "/usr/lib/python3.11/"
#define SHOP "/srv/shop/shop/"

/* Frames of libraries: all but one have a symbol. */
#define NATIVE(symbol, path, id, at) \
	{.function = symbol, .file = path, .native = true, .build_id = id, .address = at}
#define IMAGING "/usr/lib/python3/dist-packages/PIL/_imaging.cpython-311-x86_64-linux-gnu.so"
#define IMAGING_ID "5ad0e1b39c64f2a7718be0c3d4952f6610a7bd83"
#define JPEG "/usr/lib/x86_64-linux-gnu/libjpeg.so.62.3.0"
#define JPEG_ID "c07fe2916a3b5d4480f1e2d39b6a7c5544332211"
#define SSL "/usr/lib/x86_64-linux-gnu/libssl.so.3"
#define SSL_ID "9d2b7c60f1e85a4312ab34cd56ef7890fedcba98"
#define LIBC "/usr/lib/x86_64-linux-gnu/libc.so.6"
#define LIBC_ID "82ce4e6e4ef08fa58a3535f7437bd3e592db5ac0"

/* clang-format off: tables are read by column */
static const struct lk_fake_chain in_boot = {
	.outer = NULL,
	.frames = {
		{"Worker.init_process", GUNICORN "workers/base.py", 142, false},
		{"Arbiter.spawn_worker", GUNICORN "arbiter.py", 609, false},
		{"Arbiter.run", GUNICORN "arbiter.py", 202, false},
		{"run", GUNICORN "app/wsgiapp.py", 67, false},
		{"<module>", "/usr/bin/gunicorn", 8, false},
	},
};

static const struct lk_fake_chain in_worker = {
	.outer = &in_boot,
	.frames = {
		{"SyncWorker.handle_request", GUNICORN "workers/sync.py", 178, false},
		{"SyncWorker.handle", GUNICORN "workers/sync.py", 135, false},
		{"SyncWorker.accept", GUNICORN "workers/sync.py", 30, false},
		{"SyncWorker.run_for_one", GUNICORN "workers/sync.py", 70, false},
		{"SyncWorker.run", GUNICORN "workers/sync.py", 125, false},
	},
};

static const struct lk_fake_chain in_thread = {
	.outer = NULL,
	.frames = {
		{"Thread.run", PYTHON "threading.py", 975, false},
		{"Thread._bootstrap_inner", PYTHON "threading.py", 1038, false},
		{"Thread._bootstrap", PYTHON "threading.py", 995, false},
	},
};

static const struct lk_fake_chain in_request = {
	.outer = &in_worker,
	.frames = {
		{"BaseHandler._get_response", DJANGO "core/handlers/base.py", 197, false},
		{"convert_exception_to_response.<locals>.inner",
		    DJANGO "core/handlers/exception.py", 55, false},
		{"SessionMiddleware.__call__", DJANGO "utils/deprecation.py", 134, false},
		{"BaseHandler.get_response", DJANGO "core/handlers/base.py", 140, false},
		{"WSGIHandler.__call__", DJANGO "core/handlers/wsgi.py", 131, false},
	},
};

static const struct lk_fake_chain in_cart = {
	.outer = &in_request,
	.frames = {
		{"Cart.total", SHOP "cart.py", 71, false},
		{"cart", SHOP "views.py", 52, false},
	},
};

static const struct lk_fake_chain in_product = {
	.outer = &in_request,
	.frames = {
		{"product", SHOP "views.py", 88, false},
	},
};

static const struct lk_fake_chain in_search = {
	.outer = &in_request,
	.frames = {
		{"search", SHOP "views.py", 121, false},
	},
};

static const struct lk_fake_chain in_render = {
	.outer = &in_request,
	.frames = {
		{"Template.render", DJANGO "template/base.py", 175, false},
		{"render", DJANGO "shortcuts.py", 24, false},
		{"product", SHOP "views.py", 94, false},
	},
};

static const struct lk_fake_chain in_query = {
	.outer = &in_request,
	.frames = {
		{"QuerySet._fetch_all", DJANGO "db/models/query.py", 1881, false},
		{"QuerySet.__iter__", DJANGO "db/models/query.py", 398, false},
		{"product", SHOP "views.py", 90, false},
	},
};

static const struct lk_fake_chain in_import = {
	.outer = &in_boot,
	.frames = {
		{"_call_with_frames_removed", "<frozen importlib._bootstrap>", 241, false},
		{"SourceLoader.exec_module", "<frozen importlib._bootstrap_external>", 940, false},
		{"_load_unlocked", "<frozen importlib._bootstrap>", 690, false},
		{"_find_and_load", "<frozen importlib._bootstrap>", 1178, false},
		{"import_module", PYTHON "importlib/__init__.py", 126, false},
		{"AppConfig.import_models", DJANGO "apps/config.py", 269, false},
		{"Apps.populate", DJANGO "apps/registry.py", 116, false},
		{"setup", DJANGO "__init__.py", 24, false},
		{"get_wsgi_application", DJANGO "core/wsgi.py", 12, false},
		{"<module>", SHOP "wsgi.py", 14, false},
	},
};

static const struct lk_fake_chain in_warm = {
	.outer = &in_boot,
	.frames = {
		{"warm", SHOP "wsgi.py", 21, false},
		{"<module>", SHOP "wsgi.py", 30, false},
	},
};

const struct lk_fake_site lk_fake_sites[LK_FAKE_SITES] = {
	{
		.own = {{"price_key", SHOP "cart.py", 88, false}},
		.callers = &in_cart,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_LEAK, .bytes_per_s = 131072, .block_bytes = 328,
	},
	{
		.own = {{"Context.push", SHOP "log.py", 41, false},
			{"log_request", SHOP "log.py", 63, false}},
		.callers = &in_request,
		.domain = LK_DOMAIN_OBJ, .flags = LK_STACK_SEVERAL_THREADS, .thread = "MainThread",
		.life = LK_FAKE_LEAK, .bytes_per_s = 68157, .block_bytes = 572,
	},
	{
		.own = {{"load_prices", SHOP "catalog.py", 34, false}},
		.callers = &in_warm,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_STARTUP, .bytes_per_s = 32505856, .block_bytes = 416,
	},
	{
		.own = {{"Category.walk", SHOP "catalog.py", 57, false}},
		.callers = &in_warm,
		.repeat = 120,
		.domain = LK_DOMAIN_OBJ, .flags = LK_STACK_TRUNCATED, .thread = "MainThread",
		.life = LK_FAKE_STARTUP, .bytes_per_s = 2202009, .block_bytes = 232,
	},
	{
		.own = {{"_compile_bytecode", "<frozen importlib._bootstrap_external>", 729, false},
			{"SourceLoader.get_code",
			    "<frozen importlib._bootstrap_external>", 1080, false}},
		.callers = &in_import,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_STARTUP, .bytes_per_s = 1677721, .block_bytes = 1800,
	},
	{
		.own = {{"ModelBase.__new__", DJANGO "db/models/base.py", 105, false},
			{"<module>", SHOP "models.py", 19, false}},
		.callers = &in_import,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_STARTUP, .bytes_per_s = 471859, .block_bytes = 1064,
	},
	{
		.own = {{"_compile", PYTHON "re/__init__.py", 294, false},
			{"compile", PYTHON "re/__init__.py", 227, false}},
		.callers = &in_import,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_STARTUP, .bytes_per_s = 314572, .block_bytes = 640,
	},
	{
		.own = {{"<module>", PYTHON "decimal.py", 3, false}},
		.callers = &in_import,
		.domain = LK_DOMAIN_MEM, .thread = "MainThread",
		.life = LK_FAKE_STARTUP, .bytes_per_s = 125829, .block_bytes = 280,
	},
	{
		.own = {{"lookup", SHOP "geo.py", 12, false}},
		.callers = &in_request,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_CACHE, .life_s = 900, .bytes_per_s = 59392, .block_bytes = 744,
	},
	{
		.own = {{"Loader.get_template", DJANGO "template/loaders/cached.py", 47, false}},
		.callers = &in_render,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_CACHE, .life_s = 240, .bytes_per_s = 122880, .block_bytes = 2300,
	},
	{
		.own = {{"URLResolver._populate", DJANGO "urls/resolvers.py", 481, false}},
		.callers = &in_request,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_CACHE, .life_s = 60, .bytes_per_s = 92160, .block_bytes = 420,
	},
	{
		.own = {{"get_normalized_value", DJANGO "db/models/lookups.py", 31, false}},
		.callers = &in_query,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_CACHE, .life_s = 120, .bytes_per_s = 30720, .block_bytes = 120,
	},
	{
		.own = {{"JSONDecoder.raw_decode", PYTHON "json/decoder.py", 353, false},
			{"loads", PYTHON "json/__init__.py", 346, false}},
		.callers = &in_cart,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_CHURN, .life_s = 14, .bytes_per_s = 634880, .block_bytes = 208,
	},
	{
		.own = {{"Collector.build", SHOP "feed.py", 7, false}},
		.callers = &in_search,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_CHURN, .life_s = 45, .bytes_per_s = 215040, .block_bytes = 904,
	},
	{
		.own = {{"SQLCompiler.results_iter",
		    DJANGO "db/models/sql/compiler.py", 1384, false}},
		.callers = &in_query,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_CHURN, .life_s = 6, .bytes_per_s = 716800, .block_bytes = 168,
	},
	{
		.own = {{"Model.from_db", DJANGO "db/models/base.py", 582, false}},
		.callers = &in_query,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_CHURN, .life_s = 9, .bytes_per_s = 552960, .block_bytes = 488,
	},
	{
		.own = {{"CursorWrapper.execute",
		    DJANGO "db/backends/sqlite3/base.py", 357, false}},
		.callers = &in_query,
		.domain = LK_DOMAIN_RAW, .thread = "MainThread",
		.life = LK_FAKE_CHURN, .life_s = 3, .bytes_per_s = 389120, .block_bytes = 4096,
	},
	{
		.own = {{"VariableNode.render_annotated", DJANGO "template/base.py", 1064, false}},
		.callers = &in_render,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_CHURN, .life_s = 4, .bytes_per_s = 460800, .block_bytes = 96,
	},
	{
		.own = {{"SafeString.__add__", DJANGO "utils/safestring.py", 45, false}},
		.callers = &in_render,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_CHURN, .life_s = 4, .bytes_per_s = 532480, .block_bytes = 2048,
	},
	{
		.own = {{"HttpResponse.make_bytes", DJANGO "http/response.py", 323, false}},
		.callers = &in_product,
		.domain = LK_DOMAIN_RAW, .thread = "MainThread",
		.life = LK_FAKE_CHURN, .life_s = 3, .bytes_per_s = 819200, .block_bytes = 16384,
	},
	{
		.own = {{"Message.parse_headers", GUNICORN "http/message.py", 92, false}},
		.callers = &in_worker,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_CHURN, .life_s = 5, .bytes_per_s = 163840, .block_bytes = 152,
	},
	{
		.own = {NATIVE("__strdup", LIBC, LIBC_ID, 0x9a2b3),
			NATIVE("SSL_CTX_flush_sessions", SSL, SSL_ID, 0x4b1d8),
			NATIVE("start_thread", LIBC, LIBC_ID, 0x89044)},
		.domain = LK_DOMAIN_NATIVE, .flags = LK_STACK_NO_PYTHON, .thread = "thread-41219",
		.life = LK_FAKE_CHURN, .life_s = 2, .bytes_per_s = 307200, .block_bytes = 8192,
	},
	{
		.own = {{"LogRecord.__init__", PYTHON "logging/__init__.py", 294, false},
			{"Logger.makeRecord", PYTHON "logging/__init__.py", 1598, false}},
		.callers = &in_request,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_CHURN, .life_s = 12, .bytes_per_s = 143360, .block_bytes = 312,
	},
	{
		.own = {{"Formatter.format", PYTHON "logging/__init__.py", 678, false}},
		.callers = &in_request,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_CHURN, .life_s = 6, .bytes_per_s = 112640, .block_bytes = 256,
	},
	{
		.own = {{"SessionStore.decode",
		    DJANGO "contrib/sessions/backends/base.py", 120, false}},
		.callers = &in_request,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_CHURN, .life_s = 25, .bytes_per_s = 97280, .block_bytes = 368,
	},
	{
		.own = {{"signing.b64_decode", DJANGO "core/signing.py", 80, false}},
		.callers = &in_request,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_CHURN, .life_s = 8, .bytes_per_s = 61440, .block_bytes = 1024,
	},
	{
		.own = {{"Index.tokens", SHOP "search.py", 66, false},
			{"Index.query", SHOP "search.py", 101, false}},
		.callers = &in_search,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_CHURN, .life_s = 30, .bytes_per_s = 337920, .block_bytes = 128,
	},
	{
		.own = {{"Index.score.<locals>.<listcomp>", SHOP "search.py", 74, false},
			{"Index.query", SHOP "search.py", 104, false}},
		.callers = &in_search,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_CHURN, .life_s = 18, .bytes_per_s = 266240, .block_bytes = 56,
	},
	{
		.own = {{"gr\303\266\303\237e_berechnen", SHOP "versand.py", 23, false}},
		.callers = &in_cart,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_CHURN, .life_s = 20, .bytes_per_s = 71680, .block_bytes = 184,
	},
	{
		.own = {{"\344\276\241\346\240\274.\350\250\210\347\256\227",
		    SHOP "intl/\344\276\241\346\240\274.py", 9, false}},
		.callers = &in_cart,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_CHURN, .life_s = 22, .bytes_per_s = 65536, .block_bytes = 200,
	},
	{
		.own = {{"odd\033[2Jname", "/srv/shop/plug\tins/odd\033]0;x\007.py", 5, false}},
		.callers = &in_product,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_CHURN, .life_s = 16, .bytes_per_s = 53248, .block_bytes = 144,
	},
	{
		.own = {{"Queue.put", PYTHON "queue.py", 143, false},
			{"Flusher.collect", SHOP "metrics.py", 58, false}},
		.callers = &in_thread,
		.domain = LK_DOMAIN_OBJ, .thread = "metrics-flush",
		.life = LK_FAKE_CHURN, .life_s = 11, .bytes_per_s = 76800, .block_bytes = 192,
	},
	{
		.own = {{"Histogram.snapshot", SHOP "metrics.py", 90, false}},
		.callers = &in_thread,
		.domain = LK_DOMAIN_MEM, .thread = "metrics-flush",
		.life = LK_FAKE_CHURN, .life_s = 10, .bytes_per_s = 133120, .block_bytes = 1536,
	},
	{
		.own = {{"_WorkItem.__init__", PYTHON "concurrent/futures/thread.py", 46, false}},
		.callers = &in_product,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_CHURN, .life_s = 7, .bytes_per_s = 46080, .block_bytes = 88,
	},
	{
		.own = {NATIVE("ImagingAllocateArray", IMAGING, IMAGING_ID, 0x1c2f7),
			NATIVE("ImagingNewInternal", IMAGING, IMAGING_ID, 0x1c5a1),
			NATIVE("ImagingResampleInner", IMAGING, IMAGING_ID, 0x2a0b4),
			NATIVE("ImagingResample", IMAGING, IMAGING_ID, 0x2a6d0),
			NATIVE("_resize", IMAGING, IMAGING_ID, 0xe9c3),
			{"resize", SHOP "images.py", 31, false},
			{"_WorkItem.run", PYTHON "concurrent/futures/thread.py", 58, false}},
		.callers = &in_thread,
		.domain = LK_DOMAIN_NATIVE, .thread = "ThreadPoolExecutor-0_0",
		.life = LK_FAKE_CHURN, .life_s = 4, .bytes_per_s = 1468006, .block_bytes = 262144,
	},
	{
		.own = {NATIVE("libjpeg.so.62.3.0+0x3a5c2", JPEG, JPEG_ID, 0x3a5c2),
			NATIVE("jpeg_start_decompress", JPEG, JPEG_ID, 0x199f4),
			NATIVE("ImagingJpegDecode", IMAGING, IMAGING_ID, 0x3f2b1),
			{"read", SHOP "images.py", 18, false},
			{"_WorkItem.run", PYTHON "concurrent/futures/thread.py", 58, false}},
		.callers = &in_thread,
		.domain = LK_DOMAIN_NATIVE, .thread = "ThreadPoolExecutor-0_0",
		.life = LK_FAKE_CHURN, .life_s = 5, .bytes_per_s = 921600, .block_bytes = 1048576,
	},
	{
		.own = {{"Basket.__init__", SHOP "basket.py", 15, false}},
		.callers = &in_cart,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_TTL, .life_s = 300, .bytes_per_s = 71680, .block_bytes = 648,
	},
	{
		.own = {{"throttle", SHOP "limits.py", 27, false}},
		.callers = &in_request,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_TTL, .life_s = 60, .bytes_per_s = 40960, .block_bytes = 120,
	},
	{
		.own = {{"refresh", SHOP "prices.py", 49, false}},
		.callers = &in_thread,
		.domain = LK_DOMAIN_OBJ, .thread = "price-refresh",
		.life = LK_FAKE_TTL, .life_s = 120, .bytes_per_s = 184320, .block_bytes = 904,
	},
	{
		.own = {{"import_feed", SHOP "feed.py", 88, false},
			{"refresh", SHOP "prices.py", 40, false}},
		.callers = &in_thread,
		.domain = LK_DOMAIN_OBJ, .thread = "price-refresh",
		.life = LK_FAKE_ENDED, .life_s = 1620, .bytes_per_s = 16384, .block_bytes = 704,
	},
	{
		.own = {{"<lambda>", SHOP "signals.py", 12, false}},
		.callers = &in_request,
		.domain = LK_DOMAIN_OBJ, .thread = "MainThread",
		.life = LK_FAKE_CHURN, .life_s = 40, .bytes_per_s = 18432, .block_bytes = 72,
	},
	{
		.domain = LK_DOMAIN_RAW, .flags = LK_STACK_NO_PYTHON, .thread = "",
		.life = LK_FAKE_CHURN, .life_s = 90, .bytes_per_s = 153600, .block_bytes = 3000,
	},
};

const struct lk_fake_container lk_fake_containers[] = {
	/* type, owner, length at the start, per second, bound, bytes each, site, key, item */
	{"dict", "shop.cart._PRICES", 180, 275, 0, 34, 0, "tuple", "shop.cart.Price"},
	{"list", "shop.log.Context._stack", 90, 116, 0, 8, 1, NULL, "shop.log.Context"},
	{"dict", "shop.catalog._PRICES_BY_SKU", 214000, 0, 0, 38, 2, "str", "int"},
	{"list", "shop.search.Index._postings", 61200, 0, 0, 8, -1, NULL, "int"},
	{"functools.lru_cache", "shop.geo.lookup", 20, 9, 8192, 256, 8, "tuple", "str"},
	{"deque", "shop.metrics.Ring._buffer", 5000, 0, 5000, 24, 32, NULL, "float"},
	{"set", "shop.pool.Idle._connections", 3112, -0.02, 0, 73, -1, NULL, "Connection"},
	{"dict", "django.urls.resolvers._route_cache", 1180, 0, 0, 60, 10, "str", "tuple"},
	{"list", NULL, 2048, 0, 0, 8, -1, NULL, "NoneType"},
	{"dict", "odd\033[31mowner._x", 1030, 0, 0, 52, -1, "str", "odd\033[31mtype"},
};

const size_t lk_fake_container_count = LK_COUNT_OF(lk_fake_containers);
/* clang-format on */

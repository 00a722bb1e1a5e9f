using Fleet.Tests.Support;

namespace Fleet.Tests.Storage;

public sealed class PostgresConformanceTests(PostgresServer server) : StorageConformance(new PostgresDatabase(server));

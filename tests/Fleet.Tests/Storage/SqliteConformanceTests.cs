using Fleet.Tests.Support;

namespace Fleet.Tests.Storage;

public sealed class SqliteConformanceTests() : StorageConformance(new SqliteDatabase());

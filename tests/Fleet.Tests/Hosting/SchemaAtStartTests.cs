using Fleet.Cli.Dev;
using Fleet.Core.Storage;
using Fleet.Tests.Support;

namespace Fleet.Tests.Hosting;

public sealed class SchemaAtStartTests
{
    [Fact]
    public async Task Build_TheSchemaIsReadMeanwhile()
    {
        using var folder = new TempFolder();
        var read = new TaskCompletionSource();

        await using var app = DevHost.Build(
            folder.Path, port: 0,
            builder => StorageSpy.AddTo(builder.Services, nameof(IStorage.ReadSchemaAsync), () => read.TrySetResult()));

        // It was not started.
        await read.Task.WaitAsync(Waiting.Limit);
    }
}

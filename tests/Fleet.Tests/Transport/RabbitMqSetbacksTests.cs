using Fleet.Tests.Support;

namespace Fleet.Tests.Transport;

/// <summary>Parts of a broker that refuse what Fleet declares: everybody else goes on.</summary>
public sealed class RabbitMqSetbacksTests(RabbitMqServer server) : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private VirtualHost _broker = null!;

    public async ValueTask InitializeAsync() => _broker = await server.CreateHostAsync();

    public async ValueTask DisposeAsync()
    {
        _folder.Dispose();
        if (_broker is not null)
            await _broker.DisposeAsync();
    }

    [Fact]
    public async Task Lane_ExistsWithOtherArguments_DelaysItselfOnly()
    {
        await DeclareClassicAsync("fleet.taken");
        await using var fleet = await StartAsync();

        var taken = await fleet.Client.EnqueueAsync(
            new Scripted("a"), new EnqueueOptions { Lane = "taken", Delay = TimeSpan.FromSeconds(1) });
        var now = await fleet.Client.EnqueueAsync(new Scripted("b"), new EnqueueOptions { Lane = "taken" });
        await Waiting.UntilAsync(async () => (await fleet.FindAsync(taken))!.DueAt < TimeProvider.System.GetUtcNow());
        for (var i = 0; i < 3; i++)
        {
            var id = await fleet.Client.EnqueueAsync(new Scripted("c"), new EnqueueOptions { Delay = TimeSpan.FromSeconds(1) });
            Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(id)).State);
        }

        Assert.False((await fleet.FindAsync(taken))!.Staged);
        await _broker.DeleteAsync("fleet.taken");
        await using var worker = await StartAsync("Worker:Lanes:taken=2");
        Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(taken)).State);
        Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(now)).State);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Belts_ExistWithOtherArguments_DelayedRunsComeAllTheSame(int belts)
    {
        for (var i = 0; i < belts; i++)
            await DeclareClassicAsync($"fleet.belt.{i}");
        await using var fleet = await StartAsync();

        foreach (var seconds in new[] { 3, 2, 1 })
        {
            var id = await fleet.Client.EnqueueAsync(new Scripted("a"), new EnqueueOptions { Delay = TimeSpan.FromSeconds(seconds) });
            Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(id)).State);
        }
    }

    [Theory]
    [InlineData("http://guest:wrong@127.0.0.1:PORT")]
    [InlineData("http://guest:guest@127.0.0.1:PORT/nowhere")]
    [InlineData("http://127.0.0.1:1")]
    public async Task ManagementUri_DoesNotAnswerAsItShould_WhatIsReadyIsCounted(string uri)
    {
        await using var fleet = await StartAsync(
            "Transport:ManagementUri=" + uri.Replace("PORT", $"{server.ManagementUri.Port}", StringComparison.Ordinal));
        var transport = new Wire(fleet.Services);

        await transport.SendReadyAsync("quiet", [RunId.New(TimeProvider.System.GetUtcNow())], default);

        Assert.Equal(1, await transport.CountWaitingAsync("quiet", default));
    }

    private async Task DeclareClassicAsync(string queue) => await server.SendAsync(
        HttpMethod.Put, $"api/queues/{_broker.Name}/{queue}",
        new { durable = true, arguments = new Dictionary<string, string> { ["x-queue-type"] = "classic" } });

    private Task<EmbeddedFleet> StartAsync(params string[] settings) => ScriptedFleet.StartAsync(
        Script.Of(_ => { }), settings: ["Transport:Provider=RabbitMq", $"Transport:Uri={_broker.Uri}", .. settings], folder: _folder);
}

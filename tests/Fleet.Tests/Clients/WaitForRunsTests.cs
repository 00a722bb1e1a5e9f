using System.Collections.Concurrent;
using System.Net;
using Fleet.Client;
using Fleet.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Clients;

/// <summary>How a client over HTTP waits for a run: with few requests, by the event stream where there is one.</summary>
public sealed class WaitForRunsTests
{
    private readonly FakeTimeProvider _time = new(Verbs.Noon);
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task WaitAsync_RunThatLasts_IsToldOfItsEndWithoutAsking()
    {
        await using var fleet = await StartAsync();
        var requests = new Requests(refusesStreams: false);
        await using var program = Connect(fleet, requests);
        var client = program.GetRequiredService<IFleetClient>();
        var id = await client.EnqueueAsync(new Scripted());

        var waiting = client.WaitAsync(id);
        await _time.AdvanceUntilAsync(() => requests.Count("/events") == 1);
        var before = requests.Count($"/runs/{id}");
        // From here on the client's clock stands still: only the stream can tell it.
        _release.SetResult();
        var run = await waiting.WaitAsync(Waiting.Limit);

        Assert.Equal(RunState.Succeeded, run!.State);
        Assert.Equal((4, 5, 1), (before, requests.Count($"/runs/{id}"), requests.Count("/events")));
    }

    [Fact]
    public async Task WaitAsync_StreamsAreRefused_AsksInPauses()
    {
        await using var fleet = await StartAsync();
        var requests = new Requests(refusesStreams: true);
        await using var program = Connect(fleet, requests);
        var client = program.GetRequiredService<IFleetClient>();
        var id = await client.EnqueueAsync(new Scripted());

        var waiting = client.WaitAsync(id);
        await _time.AdvanceUntilAsync(() => requests.Count($"/runs/{id}") >= 10);
        Assert.Equal(1, requests.Count("/events"));
        _release.SetResult();
        await _time.AdvanceUntilAsync(() => waiting.IsCompleted);

        Assert.Equal(RunState.Succeeded, (await waiting)!.State);
    }

    [Fact]
    public async Task WaitAsync_Canceled_EndsTheStream()
    {
        await using var fleet = await StartAsync();
        var requests = new Requests(refusesStreams: false);
        await using var program = Connect(fleet, requests);
        var client = program.GetRequiredService<IFleetClient>();
        var id = await client.EnqueueAsync(new Scripted());
        using var stop = new CancellationTokenSource();

        var waiting = client.WaitAsync(id, stop.Token);
        await _time.AdvanceUntilAsync(() => requests.Count("/events") == 1);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Waiting.Limit));
        _release.SetResult();
    }

    private Task<EmbeddedFleet> StartAsync() => ScriptedFleet.StartAsync(new Script(_ => _release.Task));

    private ServiceProvider Connect(EmbeddedFleet fleet, Requests requests)
    {
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(_time);
        services.AddFleetClient(o => o.Server = fleet.Http.BaseAddress).AddHttpMessageHandler(() => requests.Handler());
        return services.BuildServiceProvider();
    }

    /// <summary>Counts the requests, and refuses streams if it should.</summary>
    private sealed class Requests(bool refusesStreams)
    {
        private readonly ConcurrentQueue<string> _paths = new();

        public int Count(string end) => _paths.Count(path => path.EndsWith(end, StringComparison.Ordinal));

        public DelegatingHandler Handler() => new Counting(this);

        private sealed class Counting(Requests requests) : DelegatingHandler
        {
            protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
            {
                var path = request.RequestUri!.AbsolutePath;
                requests._paths.Enqueue(path);
                return requests.RefusesStreams && path.EndsWith("/events", StringComparison.Ordinal)
                    ? Task.FromResult(new HttpResponseMessage(HttpStatusCode.ServiceUnavailable))
                    : base.SendAsync(request, cancellationToken);
            }
        }

        private bool RefusesStreams => refusesStreams;
    }
}

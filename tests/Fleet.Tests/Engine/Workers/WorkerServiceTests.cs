using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Testing;
using Fleet.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Engine.Workers;

/// <summary>How a worker starts.</summary>
public sealed class WorkerServiceTests
{
    private readonly ScriptedTransport _transport = new();

    [Fact]
    public async Task Start_DatabaseAndBrokerAreSlow_AsksBothAtOnceAndTakesNothingBeforeItIsRegistered()
    {
        var registering = new StorageGate<WorkerId>();
        using var closed = registering.Close();
        var control = new TaskCompletionSource();
        _transport.StartOfControl = control.Task;
        var starting = StartAsync(registering.AddTo);

        await registering.ArrivedAsync();
        await _transport.SubscribedAsync();
        control.SetResult();
        Assert.Equal(["control"], _transport.Subscribed);
        registering.Dispose();

        await using var fleet = await starting;
        Assert.Contains("default", _transport.Subscribed);
    }

    [Fact]
    public async Task Start_NothingWaits_ClaimsAllTheSame()
    {
        var claims = new Tally();

        await using var fleet = await StartAsync(
            services => StorageSpy.AddTo(services, nameof(IRunStatements.ClaimAsync), () => claims.Add()));

        await claims.ReachesAsync(1);
    }

    [Fact]
    public async Task Start_TheClaimGetsNoAnswer_StartsAllTheSame()
    {
        using var held = new ManualResetEventSlim();
        try
        {
            // Before it has the only writer's turn, which the registration needs.
            var fleet = await StartAsync(services => StorageSpy.AddTo(services, nameof(IStorage.AutocommitAsync), held.Wait)).WaitAsync(
                Waiting.Limit);
            held.Set();
            await fleet.DisposeAsync();
        }
        finally
        {
            held.Set();
        }
    }

    private Task<EmbeddedFleet> StartAsync(Action<IServiceCollection>? configure = null) => ScriptedFleet.StartAsync(
        new Script(_ => Task.CompletedTask),
        configure: services =>
        {
            services.AddTransport(_transport);
            configure?.Invoke(services);
        });
}

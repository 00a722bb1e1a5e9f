using Fleet.Core.Lanes;
using Fleet.Core.Storage;
using Fleet.Core.Workers;
using Fleet.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Worker;

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

        await Waiting.UntilAsync(() => registering.IsSomebodyWaiting && !_transport.Subscribed.IsEmpty);
        control.SetResult();
        Assert.Equal(["control"], _transport.Subscribed);
        registering.Dispose();

        await using var fleet = await starting;
        Assert.Contains("default", _transport.Subscribed);
    }

    [Fact]
    public async Task Start_NothingWaits_ClaimsAllTheSame()
    {
        var claims = 0;

        await using var fleet = await StartAsync(services => StorageSpy.AddTo(services, nameof(IRunStatements.ClaimAsync), () => claims++));

        Assert.Equal(1, claims);
    }

    [Fact]
    public async Task Start_TheClaimFails_StartsAllTheSame()
    {
        await using var fleet = await StartAsync(
            services => StorageSpy.AddTo(services, nameof(IRunStatements.ClaimAsync), () => throw new IOException("The database has gone.")));

        Assert.Contains("default", _transport.Subscribed);
    }

    private Task<EmbeddedFleet> StartAsync(Action<IServiceCollection>? configure = null) => ScriptedFleet.StartAsync(
        new Script(_ => Task.CompletedTask),
        configure: services =>
        {
            services.AddSingleton<ILaneTransport>(_transport);
            configure?.Invoke(services);
        });
}

using Fleet.Hosting;
using Fleet.Hosting.Health;
using Npgsql;

namespace Fleet.Bench.Drivers.Fleets;

/// <summary>The worker service, as its Program.cs builds it and with slots as they come, with the no-op job.</summary>
internal sealed class FleetWorkerSide(Gauge gauge) : IWorkerSide
{
    private readonly RecentRuns _recent = new();
    private WebApplication? _app;

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder().UseFleetDefaults("http://127.0.0.1:0");
        builder.AddFleet(fleet => fleet.RunsJobs().MigratesAtStart(false));
        builder.Services
            .AddFleetHealth()
            .AddSingleton(gauge)
            .AddSingleton(_recent)
            .AddFleetJobs(jobs => jobs.Add<NoOpJob>().Add<PlainJob>().Add<InTransactionJob>().Add<BatchedJob>().Add<FailsOnceJob>());
        _app = builder.BuildFleet();
        _app.MapFleetHealth();
        await _app.StartAsync();
    }

    public async Task StopAsync()
    {
        if (_app is null)
            return;
        await _app.StopAsync();
        await _app.DisposeAsync();
        _app = null;
    }

    public async Task SettledAsync()
    {
        await using var connection = new NpgsqlConnection(FleetSettings.Postgres);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT NOT EXISTS (SELECT 1 FROM fleet.runs WHERE state IN (0, 1))", connection);
        await Worker.UntilAsync(async () => (bool)(await command.ExecuteScalarAsync())!);
    }

    public async Task CompletedAsync()
    {
        await using var connection = new NpgsqlConnection(FleetSettings.Postgres);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT count(*) FROM fleet.runs WHERE id = ANY($1) AND state IN (0, 1)", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = _recent.Ids });
        await Worker.UntilAsync(async () => (long)(await command.ExecuteScalarAsync())! == 0);
    }
}

/// <summary>The runs that started last: more than there are slots and runs being settled, so that what is not completed yet is among them.
/// Asking for these costs the database less than looking for unfinished ones among all.</summary>
internal sealed class RecentRuns
{
    private readonly Guid[] _ids = new Guid[4096];
    private int _next = -1;

    public Guid[] Ids => _ids[..];

    public void Add(RunId id) => _ids[Interlocked.Increment(ref _next) & (_ids.Length - 1)] = id.Value;
}

internal sealed class NoOpJob(Gauge gauge, RecentRuns recent) : IJob<NoOp>
{
    public Task RunAsync(NoOp args, JobContext context, CancellationToken ct)
    {
        gauge.Handle(args.Sent);
        recent.Add(context.RunId);
        return Task.CompletedTask;
    }
}

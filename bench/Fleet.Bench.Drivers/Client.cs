using System.Text.Json.Nodes;

namespace Fleet.Bench.Drivers;

/// <summary>How a contender enqueues.</summary>
internal interface IClientSide : IAsyncDisposable
{
    /// <summary>Types of the packages whose versions are to be told.</summary>
    IEnumerable<Type> Packages { get; }

    /// <summary>Connects, and makes the schema where there is one.</summary>
    Task PrepareAsync();

    /// <summary>Enqueues one job; returns when it is safe.</summary>
    Task EnqueueAsync(NoOp args);

    /// <summary>Enqueues many in the contender's fastest safe way.</summary>
    /// <param name="count">How many.</param>
    /// <param name="batch">How many at once, where it has batches.</param>
    Task EnqueueManyAsync(int count, int batch);

    /// <summary>Enqueues one job over HTTP.</summary>
    Task EnqueueByHttpAsync(NoOp args) => throw new NotSupportedException();

    /// <summary>Enqueues jobs that are all due at one instant.</summary>
    Task EnqueueDueAsync(int count, DateTimeOffset at) => throw new NotSupportedException();

    /// <summary>Enqueues many jobs that do work in a way, or publishes messages for it, as fast as the contender can.</summary>
    /// <param name="way">As the bench names it: <c>transaction</c>, <c>fails-once</c>, ….</param>
    /// <param name="count">How many.</param>
    /// <param name="batch">How many at once, where it has batches.</param>
    Task EnqueueWayAsync(string way, int count, int batch) => throw new NotSupportedException();

    /// <summary>Makes schedules that all fire at one instant.</summary>
    Task ScheduleDueAsync(int count, DateTimeOffset at) => throw new NotSupportedException();
}

/// <summary>The commands of the enqueueing side.</summary>
internal static class Client
{
    public static async Task<int> RunAsync(Talk talk, IClientSide side)
    {
        await using (side)
        {
            await side.PrepareAsync();
            await talk.ReadyAsync(side.Packages);
            return await talk.ServeAsync((name, command) => AnswerAsync(side, name, command));
        }
    }

    /// <summary>Calls from many callers at once, each with one job at a time.</summary>
    public static Task ManyCallersAsync(int count, int callers, Func<int, Task> call) =>
        Task.WhenAll(Enumerable.Range(0, callers).Select(async caller =>
        {
            // Each caller on its own from the first call on.
            await Task.Yield();
            for (var i = caller; i < count; i += callers)
                await call(i);
        }));

    private static async Task<object> AnswerAsync(IClientSide side, string name, JsonObject command)
    {
        int Number(string field) => command[field]!.GetValue<int>();
        var count = Number("count");
        var from = Talk.Now();
        long? due = null;
        switch (name)
        {
            case "bulk":
                await side.EnqueueManyAsync(count, Number("batch"));
                break;
            case "way":
                await side.EnqueueWayAsync(command["way"]!.GetValue<string>(), count, Number("batch"));
                break;
            case "single":
                await ManyCallersAsync(count, Number("callers"), _ => side.EnqueueAsync(NoOp.Make()));
                break;
            case "http":
                await ManyCallersAsync(count, Number("callers"), _ => side.EnqueueByHttpAsync(NoOp.Make()));
                break;
            case "paced":
                await PacedAsync(count, Number("perSecond"), () => side.EnqueueAsync(NoOp.Make()));
                break;
            case "due":
                var dueAt = WholeSecond(Number("seconds"));
                due = Talk.At(dueAt);
                await side.EnqueueDueAsync(count, dueAt);
                break;
            case "schedules":
                // How fast they are put decides how far ahead they have to fire: some that never do tell it.
                const int sample = 100;
                await side.ScheduleDueAsync(sample, TimeProvider.System.GetUtcNow().AddDays(100));
                var each = (Talk.Now() - from) / 1e6 / sample;
                var firesAt = WholeSecond(2 + (int)(1.5 * each * count));
                due = Talk.At(firesAt);
                await side.ScheduleDueAsync(count, firesAt);
                break;
            default:
                throw new InvalidOperationException($"No such command: {name}.");
        }

        return new { from, to = Talk.Now(), due };
    }

    /// <summary>An instant so far ahead, at a whole second, as all contenders can keep it.</summary>
    private static DateTimeOffset WholeSecond(int seconds) =>
        DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 1 + seconds);

    /// <summary>Begins calls at every tick, whether or not the last ones are back: one, or, past 200 a second, several.</summary>
    private static async Task PacedAsync(int count, int perSecond, Func<Task> call)
    {
        var perTick = Math.Max(1, perSecond / 200);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(perTick) / perSecond, TimeProvider.System);
        var calls = new List<Task>(count);
        while (calls.Count < count && await timer.WaitForNextTickAsync())
        {
            for (var i = 0; i < perTick && calls.Count < count; i++)
                calls.Add(call());
        }

        await Task.WhenAll(calls);
    }
}

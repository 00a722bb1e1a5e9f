using System.Text.Json.Nodes;

namespace Fleet.Bench.Drivers;

/// <summary>How a contender executes.</summary>
internal interface IWorkerSide
{
    Task StartAsync();

    Task StopAsync();

    /// <summary>After the last start: returns when every completion is committed or acknowledged.</summary>
    Task CompletedAsync();

    /// <summary>As <see cref="CompletedAsync"/>, for jobs that other processes share in, or that start more than once.</summary>
    Task SettledAsync() => CompletedAsync();
}

/// <summary>The commands of the executing side. It works from its start on, and between <c>drain</c> and <c>stop</c>.</summary>
internal static class Worker
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(100);

    // What a contender's worker says no event for is asked for so often.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    public static async Task<int> RunAsync(Talk talk, Func<Gauge, IWorkerSide> make)
    {
        var gauge = new Gauge();
        gauge.Expect(1);
        var side = make(gauge);
        await side.StartAsync();
        await talk.ReadyAsync([]);
        var code = await talk.ServeAsync((name, command) => AnswerAsync(side, gauge, name, command));
        await side.StopAsync();
        return code;
    }

    /// <summary>Asks until it is so.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        while (!await condition())
            await Task.Delay(Pause, TimeProvider.System);
    }

    private static async Task<object> AnswerAsync(IWorkerSide side, Gauge gauge, string name, JsonObject command)
    {
        switch (name)
        {
            case "expect":
                gauge.Expect(command["count"]!.GetValue<int>());
                return new { ok = true };
            case "drain":
                // Answers at the first job's first line: from there on the clock runs, and CPU is counted.
                gauge.Expect(command["count"]!.GetValue<int>());
                await side.StartAsync();
                await WithinAsync(gauge.First, gauge);
                return new { first = gauge.FirstAt };
            case "begin":
                gauge.Expect(command["count"]!.GetValue<int>());
                await side.StartAsync();
                return new { ok = true };
            case "seen":
                return new { started = gauge.Started };
            case "settled":
                await WithinAsync(side.SettledAsync(), gauge);
                return new { ok = true };
            case "wait":
                await WithinAsync(gauge.All, gauge);
                await WithinAsync(side.CompletedAsync(), gauge);
                return new
                {
                    first = gauge.FirstAt,
                    last = gauge.LastAt,
                    done = Talk.Now(),
                    p50 = gauge.Percentile(0.5),
                    p99 = gauge.Percentile(0.99),
                };
            case "stop":
                await side.StopAsync();
                return new { ok = true };
            case "start":
                await side.StartAsync();
                return new { ok = true };
            default:
                throw new InvalidOperationException($"No such command: {name}.");
        }
    }

    private static async Task WithinAsync(Task task, Gauge gauge)
    {
        try
        {
            await task.WaitAsync(Limit, TimeProvider.System);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"After {Limit.TotalSeconds} s, {gauge.Started} jobs had started.", e);
        }
    }
}

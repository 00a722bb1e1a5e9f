using System.CommandLine;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Workers;

/// <summary><c>fleet worker get ID</c>.</summary>
public static class GetWorkers
{
    private static readonly Listing<WorkerRunView> Runs = new(run => run.Id)
    {
        { "RUN", run => run.Id, ColumnKind.Id },
        { "JOB", run => run.Job },
        { "LANE", run => run.Lane },
        { "ATTEMPT", run => $"{run.Attempt}" },
        { "STARTED", run => run.StartedAt },
    };

    /// <summary>The argument that names a worker.</summary>
    public static Argument<string> IdArgument() => new("ID") { Description = "The worker's id." };

    /// <summary>Where the API keeps a worker.</summary>
    public static string Path(string id) => $"workers/{Uri.EscapeDataString(id)}";

    /// <summary>Makes the command.</summary>
    public static Command Command(CommandContext cli)
    {
        var id = IdArgument();
        var command = new Command("get", "Show a worker with the jobs that it knows and the runs that it executes.") { id };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var worker = parsed.GetRequiredValue(id);
            var answer = await api.GetAsync(Path(worker), ct);
            var output = cli.Output(parsed);
            output.Answer(answer, worker, () => Show(api.Read(answer, ApiJson.Default.WorkerDetailView), output));
        });
        return command;
    }

    private static void Show(WorkerDetailView worker, Output output)
    {
        var facts = new Facts();
        facts.Add("id", worker.Id);
        facts.Add("name", worker.Name);
        facts.AddState("state", worker.State);
        facts.Add("program", $"{worker.Program} {worker.Version}".Trim());
        facts.Add("machine", worker.Machine);
        facts.Add("process", $"{worker.ProcessId}");
        facts.Add("lanes", ListWorkers.LanesOf(worker.Lanes));
        facts.Add("busy", ListWorkers.LanesOf(worker.Busy));
        facts.Add("started", Times.Instant(worker.StartedAt));
        facts.Add("heartbeat", $"{Times.Instant(worker.HeartbeatAt)} ({Times.Span(worker.HeartbeatAge)} ago)");
        facts.Add("drained", worker.DrainSince is { } since ? $"{Times.Instant(since)} by {worker.DrainBy}" : null);
        facts.Add("reason", worker.DrainReason);
        facts.Add("jobs", string.Join(", ", worker.Jobs));
        output.Facts(facts);
        if (worker.Runs.Count > 0)
        {
            output.Line("");
            output.Table(Runs, worker.Runs);
        }
    }
}

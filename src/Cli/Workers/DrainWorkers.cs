using System.CommandLine;
using System.Text.Json;
using Fleet.Cli.Bulk;
using Fleet.Cli.Connection;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Workers;

/// <summary><c>fleet worker drain ID</c> and <c>fleet worker resume ID</c>.</summary>
public static class DrainWorkers
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(300);

    /// <summary>Makes <c>drain</c>.</summary>
    public static Command DrainCommand(CommandContext cli)
    {
        var ids = new Argument<string[]>("ID")
        {
            Description = "The worker's id; several may be given.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        // Where several arguments are taken, the parser takes an unknown option for one of them.
        ids.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(t => t.Value.StartsWith('-')) is { } option)
                result.AddError($"'{option.Value}' is no option of this command.");
        });
        var all = new Option<bool>("--all") { Description = "All workers that are active." };
        var reason = PauseOptions.Reason("worker");
        var wait = new Option<bool>("--wait") { Description = "Wait until it executes nothing any more." };
        var command = new Command("drain", "Ask workers to finish their runs and take no new ones. Their processes go on, idle.")
        {
            ids, all, reason, wait, cli.Confirm.YesOption, cli.Confirm.ExpectOption,
        };
        command.SetAction(async (parsed, ct) =>
        {
            string[] given = [.. (parsed.GetValue(ids) ?? []).Distinct(StringComparer.Ordinal)];
            if (parsed.GetValue(all) == given.Length > 0)
                throw new UsageException("ID: give the ids of workers, or --all.");
            using var api = cli.Connect(parsed);
            if (parsed.GetValue(all) && (given = await FindActiveAsync(api, ct)).Length == 0)
                throw new CommandFailedException("No worker is active.", ExitCode.NotFound);
            cli.Confirm.Expect(parsed, given.Length);
            if (given.Length > 1)
                cli.Confirm.Ask(parsed, $"Drain {given.Length} workers", given.Length);
            var output = cli.Output(parsed);
            var body = PauseOptions.Body(parsed.GetValue(reason), until: null);
            var answers = new List<(string Id, JsonElement Answer)>();
            foreach (var id in given)
                answers.Add((id, await api.PostAsync(GetWorkers.Path(id) + "/drain", body, ct)));
            // All were told before the first is waited for.
            for (var i = 0; parsed.GetValue(wait) && i < answers.Count; i++)
                answers[i] = (answers[i].Id, await WaitAsync(api, answers[i].Id, answers[i].Answer, cli.Time, ct));
            if (answers is [var (single, answer)])
            {
                output.Answer(answer, single, Line(api, single, answer));
                return;
            }

            var stream = new ItemStream(output);
            foreach (var (id, told) in answers)
                stream.Add(told, id, () => Line(api, id, told));
            stream.Finish();
        });
        return command;
    }

    private static async Task<string[]> FindActiveAsync(FleetApi api, CancellationToken ct)
    {
        var workers = api.Read(await api.GetAsync("workers", ct), ApiJson.Default.Workers).Items;
        return [.. workers.Where(w => w.State == "active").Select(w => w.Id)];
    }

    private static async Task<JsonElement> WaitAsync(
        FleetApi api, string id, JsonElement answer, TimeProvider time, CancellationToken ct)
    {
        using var progress = new Progress($"Draining {id}", time);
        while (true)
        {
            var worker = api.Read(answer, ApiJson.Default.WorkerDetailView);
            if (worker.State != "draining")
                return answer;
            progress.Report($"{worker.Running} run(s) under way");
            await Task.Delay(BetweenLooks, time, ct);
            answer = await api.GetAsync(GetWorkers.Path(id), ct);
        }
    }

    private static string Line(FleetApi api, string id, JsonElement answer) =>
        $"{id} {api.Read(answer, ApiJson.Default.WorkerDetailView).State}";

    /// <summary>Makes <c>resume</c>.</summary>
    public static Command ResumeCommand(CommandContext cli)
    {
        var id = GetWorkers.IdArgument();
        var command = new Command("resume", "Let a drained worker take runs again.") { id };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var worker = parsed.GetRequiredValue(id);
            var answer = await api.PostAsync(GetWorkers.Path(worker) + "/resume", null, ct);
            cli.Output(parsed).Answer(answer, worker, $"{worker} resumed");
        });
        return command;
    }
}

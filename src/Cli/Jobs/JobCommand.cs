using System.CommandLine;
using System.Text.Json;
using Fleet.Cli.Connection;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Jobs;

/// <summary><c>fleet job</c>: the jobs that workers have offered, their args and an example of each.</summary>
public static class JobCommand
{
    private static readonly Listing<JobView> Listing = new(job => job.Name)
    {
        { "NAME", job => job.Name, ColumnKind.Id },
        { "LANE", job => job.Lane },
        { "WORKERS", job => $"{job.ServedBy}" },
        { "DESCRIPTION", job => job.Description },
        { "ATTEMPTS", job => $"{job.MaxAttempts}", ColumnKind.Text, true },
        { "TIMEOUT", job => job.Timeout is { } timeout ? Times.Span(timeout) : "", ColumnKind.Text, true },
        { "ALIASES", job => string.Join(',', job.Aliases), ColumnKind.Text, true },
        { "VERSION", job => job.Version, ColumnKind.Text, true },
    };

    private static readonly Argument<string> Name = new("JOB") { Description = "The job's name." };

    public static Command Command(CommandContext cli) => new("job", "The jobs that workers offer.")
    {
        List(cli),
        Get(cli),
        Part(cli, "schema", "Print the JSON Schema of a job's args.", job => job.Schema),
        Part(cli, "example", "Print args that the job accepts, for 'run enqueue'.", job => job.Example?.Args),
    };

    private static Command List(CommandContext cli)
    {
        var command = new Command("list", "List the jobs.") { cli.ColumnsOption };
        command.SetAction(async (parsed, ct) =>
        {
            var output = cli.Output(parsed, Listing);
            using var api = cli.Connect(parsed);
            var page = await api.GetAsync("jobs", ct);
            output.Print(api.Items(page), api.Read(page, ApiJson.Default.Jobs).Items, "No jobs; no worker has started yet.");
        });
        return command;
    }

    private static Command Get(CommandContext cli)
    {
        var command = new Command("get", "Show a job.") { Name };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var (answer, job) = await AskAsync(api, parsed, ct);
            var output = cli.Output(parsed);
            output.Answer(answer, job.Name, () =>
            {
                var facts = new Facts();
                facts.Add("name", job.Name);
                facts.Add("description", job.Description);
                facts.Add("lane", job.Lane);
                facts.Add("workers", $"{job.ServedBy}");
                facts.Add("attempts", job.MaxAttempts is { } most ? $"at most {most}" : null);
                facts.Add("timeout", job.Timeout is { } timeout ? Times.Span(timeout) : null);
                facts.Add("aliases", string.Join(", ", job.Aliases));
                facts.Add("version", job.Version);
                facts.Add("example", job.Example?.Args is { } args ? Screen.JsonText(args) : null);
                output.Facts(facts);
            });
        });
        return command;
    }

    private static Command Part(CommandContext cli, string name, string description, Func<JobView, JsonElement?> part)
    {
        var command = new Command(name, description) { Name };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var (_, job) = await AskAsync(api, parsed, ct);
            var json = part(job) ?? JsonElement.Parse("{}");
            cli.Output(parsed).Answer(json, job.Name, Screen.JsonText(json));
        });
        return command;
    }

    private static async Task<(JsonElement Answer, JobView Job)> AskAsync(FleetApi api, ParseResult parsed, CancellationToken ct)
    {
        var answer = await api.GetAsync($"jobs/{Uri.EscapeDataString(parsed.GetRequiredValue(Name))}", ct);
        return (answer, api.Read(answer, ApiJson.Default.JobView));
    }
}

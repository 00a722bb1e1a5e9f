using System.CommandLine;
using System.Text.Json;
using Fleet.Cli.Printing;
using Fleet.Core.Rules;
using Fleet.Core.Text;
using Fleet.Transport.RabbitMq;
using Microsoft.Extensions.Configuration;

namespace Fleet.Cli.Broker;

/// <summary><c>fleet broker apply</c>: RabbitMQ's exchanges and queues, declared from the place where deployments run. Reads
/// <c>Fleet:Transport:Uri</c> and <c>Fleet:Worker:Lanes</c> from the environment as the services do.</summary>
public static class ApplyTopology
{
    private const string UriKey = $"{RabbitMqOptions.Section}:Uri";

    private static readonly Option<string> Uri = new("--uri")
    {
        Description = "amqp://user:password@host:port/vhost, or amqps. Default: Fleet__Transport__Uri.",
        HelpName = "URI",
    };

    private const string ManagementUriKey = $"{RabbitMqOptions.Section}:ManagementUri";

    private static readonly Option<string> ManagementUri = new("--management-uri")
    {
        Description =
            "http://user:password@host:15672, to look for policies that harm the queues. Default: Fleet__Transport__ManagementUri.",
        HelpName = "URI",
    };

    private static readonly Option<string[]> Lane = new("--lane")
    {
        Description = "A lane; may be given again. Default: those of Fleet__Worker__Lanes__NAME, else default.",
        HelpName = "NAME",
        AllowMultipleArgumentsPerToken = true,
    };

    public static Command Command(CommandContext cli)
    {
        var command = new Command(
            "apply", "Declare the exchanges and queues of lanes in RabbitMQ; leaves alone what is there. Exit code 3 when the broker "
            + "refuses one.")
        {
            Uri, ManagementUri, Lane, cli.ColumnsOption,
        };
        command.SetAction(async (parsed, ct) =>
        {
            var output = cli.Output(parsed, Parts.Listing);
            var configuration = Configure(parsed);
            try
            {
                var settings = RabbitMqSettings.Read(configuration);
                var parts = await Transport.RabbitMq.ApplyTopology.ExecuteAsync(
                    settings, ReadLanes(parsed.GetValue(Lane), configuration), ct);
                output.Print(JsonSerializer.SerializeToElement(parts, FleetJson.Payload), parts, "Nothing to declare.");
                foreach (var problem in parts.Select(part => part.Problem).OfType<string>())
                    Console.Error.WriteLine(Plain.Line(problem));
                await WarnOfPoliciesAsync(settings, ct);
                var isAll = parts.All(part => part.Outcome is ApplyOutcome.Created or ApplyOutcome.Exists);
                return (int)(isAll ? ExitCode.Ok : ExitCode.Partial);
            }
            catch (BrokerUnusableException e)
            {
                throw new CommandFailedException(e.Message, ExitCode.Unreachable);
            }
            catch (InvalidOperationException e)
            {
                throw new UsageException(e.Message);
            }
        });
        return command;
    }

    private static IConfiguration Configure(ParseResult parsed)
    {
        var builder = new ConfigurationBuilder().AddEnvironmentVariables();
        foreach (var (option, key) in new[] { (Uri, UriKey), (ManagementUri, ManagementUriKey) })
        {
            if (parsed.GetValue(option) is { } given)
                builder.AddInMemoryCollection([new(key, given)]);
        }

        return builder.Build();
    }

    /// <summary>Says which policies harm Fleet's queues. They are no failure: the operator may want them.</summary>
    private static async Task WarnOfPoliciesAsync(RabbitMqSettings settings, CancellationToken ct)
    {
        try
        {
            foreach (var finding in await Transport.RabbitMq.ApplyTopology.CheckPoliciesAsync(settings, ct))
                Console.Error.WriteLine("warning: " + Plain.Line(finding));
        }
        catch (BrokerUnusableException e)
        {
            Console.Error.WriteLine("warning: " + Plain.Line(Secrets.Hide(e.Message)));
        }
    }

    internal static IReadOnlyList<string> ReadLanes(string[]? given, IConfiguration configuration)
    {
        string[] lanes = given is { Length: > 0 }
            ? given
            : [.. configuration.GetSection("Fleet:Worker:Lanes").GetChildren().Select(lane => lane.Key)];
        if (lanes.Select(RunRules.CheckLane).FirstOrDefault(error => error is not null) is { } error)
            throw new UsageException(error.Message);
        return lanes.Length > 0 ? [.. lanes.Distinct(StringComparer.Ordinal)] : ["default"];
    }

    // A class of its own, so that other commands do not load the transport.
    private static class Parts
    {
        public static readonly Listing<AppliedPart> Listing = new(part => part.Name)
        {
            { "KIND", part => part.Kind },
            { "NAME", part => part.Name, ColumnKind.Id },
            { "OUTCOME", part => JsonNamingPolicy.CamelCase.ConvertName($"{part.Outcome}"), ColumnKind.State },
            { "READY", part => $"{part.Messages}" },
        };
    }
}

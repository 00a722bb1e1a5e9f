using System.CommandLine;
using Fleet.Core.Storage;
using Fleet.Engine.Workers;
using Fleet.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Serilog;

namespace Fleet.Cli.Dev;

/// <summary><c>fleet dev</c>: everything in one process, with nothing installed.</summary>
public static class DevCommand
{
    public const int DefaultPort = 8710;

    public static Command Command(CommandContext cli)
    {
        var port = NumberOption.Make(
            "--port", 0, 65535,
            $"Port of the API on 127.0.0.1; 0 takes a free one. Default: that of {FleetHost.ApiUrlsKey}, else {DefaultPort}.", "PORT");
        var data = new Option<string>("--data")
        {
            Description = "Folder of the database, the logs and appsettings.json.",
            HelpName = "DIR",
            DefaultValueFactory = _ => ".fleet",
        };
        data.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var folder }] && (string.IsNullOrWhiteSpace(folder) || File.Exists(folder)))
                result.AddError($"--data: '{folder}' is not allowed; allowed is a folder, which is made when it is missing.");
        });
        var noSamples = new Option<bool>("--no-samples") { Description = "Leave out the sample jobs and their schedules." };
        var plain = new Option<bool>("--plain")
        {
            Description = "Print lines instead of the live view. This is the default if the output is not a terminal.",
        };
        var token = new Option<bool>("--token")
        {
            Description = "Ask callers for a token, which is printed once: for machines that others use, too. Without it, anyone on this "
                + "machine may do anything.",
        };
        var command = new Command("dev", "Run scheduler, worker and API in this process.") { port, data, noSamples, plain, token };
        command.SetAction((parsed, _) =>
        {
            cli.RefuseFormats(parsed, "lines for people");
            return RunAsync(
                parsed.GetValue(port), parsed.GetValue(data)!, !parsed.GetValue(noSamples),
                parsed.GetValue(plain) || Console.IsOutputRedirected, parsed.GetValue(token), cli.Time);
        });
        return command;
    }

    private static Task<int> RunAsync(
        int? port, string data, bool withSamples, bool isPlain, bool withToken, TimeProvider time) => FleetHost.RunToEndAsync(
        () => DevHost.Build(
            data, port, isPlain ? null : builder => LogToFile(builder, data), withSamples: withSamples, withToken: withToken),
        async (app, stopping) =>
        {
            var server = new Uri(app.Urls.First());
            var token = app.Services.GetService<DevToken>();
            if (token is not null)
                Console.WriteLine(token.Describe(server));
            if (isPlain)
                await EndedRuns.PrintAsync(server, Path.GetFullPath(data), app.Services.GetRequiredService<IStorage>(), time, stopping);
            else
            {
                await LiveView.RunAsync(server, Path.GetFullPath(data), token?.Text, time, stopping);
                var drain = app.Services.GetRequiredService<IOptions<WorkerOptions>>().Value.Drain;
                Console.WriteLine(
                    $"Stopping: runs under way may go on for up to {drain.TotalSeconds:0} s; what is left then is given back.");
            }
        });

    /// <summary>The terminal belongs to the live view.</summary>
    private static void LogToFile(WebApplicationBuilder builder, string data)
    {
        builder.Logging.ClearProviders();
        // As one provider of several: the lines of a handler go to its run as well.
        var file = new LoggerConfiguration().WriteTo.File(
            Path.Combine(data, "fleet.log"), rollOnFileSizeLimit: true, fileSizeLimitBytes: 10_000_000, retainedFileCountLimit: 3);
        builder.Logging.AddSerilog(file.CreateLogger(), dispose: true);
    }
}

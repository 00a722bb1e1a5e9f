using System.Globalization;
using System.Text.Json;
using Fleet.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fleet.Tests.Hosting;

/// <summary>Inside somebody's program, Fleet changes nothing that is theirs. Alone, because the thread pool and the culture belong to all
/// tests.</summary>
[Collection(nameof(AloneOnTheMachine))]
public sealed class UntouchedHostTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AddFleetAndMapFleet_TheProgramsOwnThings_AreTheSameAsWithout()
    {
        var without = await DescribeAsync(hasFleet: false);
        var with = await DescribeAsync(hasFleet: true);

        Assert.Equal(without, with);
    }

    [Fact]
    public async Task HandlersThatBlockAllThreads_TheThreadPoolStaysAsItIs_AndAWarningSaysSo()
    {
        using var release = new ManualResetEventSlim();
        var log = new LogRecorder();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = _folder.Path });
        log.AddTo(builder.Services);
        builder.Services.AddLogging().AddSingleton(new Script(_ =>
        {
            release.Wait(Waiting.Limit);
            return Task.CompletedTask;
        }));
        builder.AddFleet(fleet => fleet.AddJobs(jobs => jobs.Add<ScriptedJob>()));
        using var host = builder.Build();
        await host.StartAsync();
        ThreadPool.GetMinThreads(out var least, out _);

        await host.Services.GetRequiredService<IFleetClient>().EnqueueManyAsync(Enumerable.Repeat(new Scripted(), 64).ToArray());
        await Waiting.UntilAsync(() => log.Warnings("was full for 200 ms").Count > 0);

        ThreadPool.GetMinThreads(out var leastNow, out _);
        release.Set();
        await host.StopAsync();
        Assert.Equal(least, leastNow);
    }

    [Theory]
    [InlineData(10, 30, 45)]
    [InlineData(600, 30, 600)]
    [InlineData(10, 0, 15)]
    public void ShutdownTimeout_IsRaisedToTheDrain_AndNeverLowered(int own, int drain, int expected)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(own));
        builder.AddFleet(fleet => fleet.RunsJobs(o => o.Drain = TimeSpan.FromSeconds(drain)).Leads());
        using var services = builder.Services.BuildServiceProvider();

        Assert.Equal(expected, (int)services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout.TotalSeconds);
    }

    [Fact]
    public void ShutdownTimeout_OfAProgramThatOnlyEnqueues_StaysAsItIs()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(3));
        builder.AddFleet(fleet => fleet.OnlyEnqueues());
        using var services = builder.Services.BuildServiceProvider();

        Assert.Equal(3, (int)services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout.TotalSeconds);
    }

    /// <summary>A line for each thing, as it is while the program runs, and as it is seen over HTTP.</summary>
    private async Task<string> DescribeAsync(bool hasFleet)
    {
        var culture = (
            CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture, CultureInfo.DefaultThreadCurrentCulture,
            CultureInfo.DefaultThreadCurrentUICulture);
        ThreadPool.GetMinThreads(out var least, out var leastPorts);
        ThreadPool.GetMaxThreads(out var most, out var mostPorts);
        var ran = new TaskCompletionSource();
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = _folder.Path });
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = 1234);
        builder.Logging.ClearProviders().AddEventSourceLogger().AddFilter("Own", LogLevel.Critical);
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.KebabCaseUpper);
        builder.Services.AddExceptionHandler<OwnHandler>().AddProblemDetails();
        builder.Services.AddHealthChecks().AddCheck("database", () => HealthCheckResult.Healthy()).AddCheck(
            "broker", () => HealthCheckResult.Healthy());
        if (hasFleet)
        {
            builder.Services.AddSingleton(new Script(_ =>
            {
                ran.TrySetResult();
                return Task.CompletedTask;
            }));
            builder.AddFleet(fleet => fleet.AddJobs(jobs => jobs.Add<ScriptedJob>()).AddSchedules(s => s.Every("s", "1s", new Scripted())));
        }

        await using var app = builder.Build();
        app.UseExceptionHandler();
        app.MapGet("/own", () => new Own("x"));
        app.MapGet("/fails", string () => throw new IOException("own"));
        app.MapHealthChecks("/health");
        if (hasFleet)
            app.MapFleet("/fleet").AllowAnonymous();
        await app.StartAsync();
        if (hasFleet)
            await ran.Task.WaitAsync(Waiting.Limit);

        var kestrel = app.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value;
        var logging = app.Services.GetRequiredService<IOptions<LoggerFilterOptions>>().Value;
        // Without those of Fleet's own provider, which keeps the lines of handlers.
        var rules = logging.Rules.Where(r => r.ProviderName?.StartsWith("Fleet.", StringComparison.Ordinal) is not true);
        var culture2 = (
            CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture, CultureInfo.DefaultThreadCurrentCulture,
            CultureInfo.DefaultThreadCurrentUICulture);
        ThreadPool.GetMinThreads(out var least2, out var leastPorts2);
        ThreadPool.GetMaxThreads(out var most2, out var mostPorts2);
        Assert.Equal(culture, culture2);
        Assert.Equal((least, leastPorts, most, mostPorts), (least2, leastPorts2, most2, mostPorts2));
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        string[] lines =
        [
            $"kestrel {kestrel.AddServerHeader} {JsonSerializer.Serialize(kestrel.Limits.MaxRequestBodySize)} "
                + $"{kestrel.Limits.MaxConcurrentConnections} {kestrel.Limits.KeepAliveTimeout} {kestrel.Limits.MaxRequestHeaderCount}",
            "json " + app.Services.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions.PropertyNamingPolicy,
            "log providers " + string.Join(", ", app.Services.GetServices<ILoggerProvider>().Select(p => p.GetType().Name)),
            $"log filters {logging.MinLevel} " + string.Join(", ", rules.Select(r => $"{r.ProviderName} {r.CategoryName} {r.LogLevel}")),
            "exception handlers " + string.Join(", ", app.Services.GetServices<IExceptionHandler>().Select(h => h.GetType().Name)),
            "exception options " + app.Services.GetRequiredService<IOptions<ExceptionHandlerOptions>>().Value.ExceptionHandlingPath,
            "health " + string.Join(
                ", ", app.Services.GetRequiredService<IOptions<HealthCheckServiceOptions>>().Value.Registrations.Select(r => r.Name)),
            "background errors " + app.Services.GetRequiredService<IOptions<HostOptions>>().Value.BackgroundServiceExceptionBehavior,
            await AskAsync("/own"), await AskAsync("/fails"), await AskAsync("/nowhere"), await AskAsync("/health"),
            await AskAsync("/own", HttpMethod.Delete),
        ];
        await app.StopAsync();
        return string.Join('\n', lines);

        async Task<string> AskAsync(string path, HttpMethod? method = null)
        {
            using var request = new HttpRequestMessage(method ?? HttpMethod.Get, new Uri(path, UriKind.Relative));
            using var answer = await http.SendAsync(request);
            var headers = answer.Headers.Concat(answer.Content.Headers).Where(h => h.Key != "Date")
                .OrderBy(h => h.Key, StringComparer.Ordinal).Select(h => $"{h.Key}={string.Join(';', h.Value)}");
            return $"{path} {(int)answer.StatusCode} {string.Join(' ', headers)} {await answer.Content.ReadAsStringAsync()}";
        }
    }

    private sealed record Own(string SomeName);

    private sealed class OwnHandler : IExceptionHandler
    {
        public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
        {
            httpContext.Response.StatusCode = 418;
            await httpContext.Response.WriteAsync("the program's own answer", cancellationToken);
            return true;
        }
    }
}

using Fleet.Core.Rules;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Fleet.Samples;

/// <summary>Registration of the samples.</summary>
public static class SamplesServices
{
    /// <summary>The name of the HTTP client that all samples share.</summary>
    internal const string HttpClient = "fleet-samples";

    /// <summary>Adds the sample jobs, their tables at start, and their schedules. Call it within <c>AddFleet</c>:
    /// hosted services start in order, so the tables are made after Fleet's own and before the first run.</summary>
    /// <param name="services">The services of the process.</param>
    /// <param name="configuration">The configuration of the process; the samples read <c>Fleet:Samples</c>.</param>
    /// <param name="dataDirectory">The data folder; reports go to <c>reports</c> in it unless configured.</param>
    /// <param name="apiBase">Where to reach the process that called <see cref="SampleEndpoints.MapSampleEndpoints"/>.
    /// Null: it is this process, wherever it listens.</param>
    public static IServiceCollection AddFleetSamples(
        this IServiceCollection services, IConfiguration configuration, string dataDirectory, Uri? apiBase = null)
    {
        var section = configuration.GetSection(SamplesOptions.Section);
        if (Settings.Check(section, typeof(SamplesOptions)).ToList() is { Count: > 0 } problems)
            throw new OptionsValidationException(nameof(SamplesOptions), typeof(SamplesOptions), problems);
        services.AddOptions<SamplesOptions>()
            .Configure(options =>
            {
                options.ApiBase = apiBase?.ToString() ?? "";
                options.Output = Path.Combine(dataDirectory, "reports");
            })
            .Bind(section)
            .ValidateWith(options => options.Check());
        // Timeouts are the jobs' own; the client's would hide which one it was.
        services.AddHttpClient(HttpClient, client => client.Timeout = Timeout.InfiniteTimeSpan);
        services.AddSingleton<SampleAddresses>();
        services.AddFleetJobs(jobs => jobs
            .Add<SyncRecordsJob>().Add<NightlyReportJob>().Add<HealthProbeJob>()
            .Add<RetryDeadLettersJob>().Add<CleanSessionsJob>().Add<FlakyImportJob>());
        services.AddHostedService<SampleTables>();
        if (section.GetValue(nameof(SamplesOptions.Schedules), true))
            services.AddFleetSchedules(AddSchedules);
        return services;
    }

    /// <summary>Short periods, so that something is to be seen within a minute.</summary>
    private static void AddSchedules(SchedulesBuilder schedules) => schedules
        .Every("sample-probe", "10s", new HealthProbe())
        .Every("sample-import", "10s", new FlakyImport())
        .Every("sample-sync", "15s", new SyncRecords())
        .Every("sample-sessions", "20s", new CleanSessions())
        .Every("sample-report", "30s", new NightlyReport())
        .Every("sample-retry-dead-letters", "30s", new RetryDeadLetters(FlakyImport.Name, ErrorContains: "is no amount"));
}

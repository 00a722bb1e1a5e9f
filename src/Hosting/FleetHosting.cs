using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fleet.Api;
using Fleet.Api.Access;
using Fleet.Core;
using Fleet.Core.Lanes;
using Fleet.Core.Rules;
using Fleet.Core.Setup;
using Fleet.Core.Storage;
using Fleet.Core.Text;
using Fleet.Dashboard;
using Fleet.Engine;
using Fleet.Engine.Leader;
using Fleet.Engine.Workers;
using Fleet.Hosting;
using Fleet.Hosting.Addresses;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Fleet;

/// <summary>Fleet inside a program: a web application or a generic host.</summary>
public static class FleetHosting
{
    /// <summary>Adds Fleet. Without any choice, the program runs jobs and leads, stores its runs in a SQLite file in its folder, and needs
    /// nothing else. What the code sets wins over the configuration (<c>Fleet:…</c>).</summary>
    /// <param name="builder">A <c>WebApplicationBuilder</c> or <c>HostApplicationBuilder</c>.</param>
    /// <param name="configure">Chooses storage and transport, adds jobs and schedules, and says what the program does.</param>
    /// <exception cref="FleetStartException">A setting or a choice is not allowed; names it and what is allowed.</exception>
    public static TBuilder AddFleet<TBuilder>(this TBuilder builder, Action<FleetBuilder>? configure = null)
        where TBuilder : IHostApplicationBuilder
    {
        var fleet = StartRefusal.InWords(() => Begin(builder));
        // Not in words: if the program's own code throws here, people need its stack.
        configure?.Invoke(fleet);
        StartRefusal.InWords(() => End(fleet));
        return builder;
    }

    /// <summary>Maps Fleet below a path: the dashboard (<c>/fleet</c>), and the HTTP API (<c>/fleet/api/v1/…</c>). Other endpoints of the
    /// program do not change.</summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="path">The path; <c>""</c> for none.</param>
    /// <returns>Takes what applies to all of Fleet's endpoints. It must be said who may call (<see cref="FleetAccess"/>):
    /// <c>app.MapFleet("/fleet").RequireAuthorization("ops")</c>.</returns>
    /// <exception cref="InvalidOperationException">Fleet was not added.</exception>
    public static IEndpointConventionBuilder MapFleet(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string path = "/fleet")
    {
        if (endpoints.ServiceProvider.GetService<AddedFleet>() is null)
            throw new InvalidOperationException("MapFleet needs Fleet: call builder.AddFleet(…) before the application is built.");
        var api = endpoints.MapGroup(path).MapFleetApi();
        return HasDashboard(endpoints.ServiceProvider.GetRequiredService<IConfiguration>())
            ? new ApiAndPage(api, endpoints.MapFleetDashboard(path))
            : api;
    }

    /// <summary>Adds the storage alone, as the configuration names it.</summary>
    /// <exception cref="InvalidOperationException">A setting is not allowed; names it, its value and what is allowed.</exception>
    internal static IServiceCollection AddFleetStorage(this IServiceCollection services, IConfiguration configuration)
    {
        var fleet = new FleetBuilder(services, configuration, "");
        services.AddStorageOptions(configuration);
        Providers.ChooseStorage(fleet);
        fleet.Complete();
        return services;
    }

    private static FleetBuilder Begin(IHostApplicationBuilder builder)
    {
        var (services, configuration) = (builder.Services, builder.Configuration);
        KnownSettings.Check(configuration);
        if (services.Any(s => s.ServiceType == typeof(AddedFleet)))
            throw new InvalidOperationException("AddFleet was called before; a program has one fleet.");
        services.AddSingleton<AddedFleet>();
        services.AddFleetCore().AddFleetApi().AddSingleton(ReadLanes(configuration)).AddSingleton(ReadDemand(configuration))
            .AddSingleton(AccessOptions.Read(configuration));
        services.AddStorageOptions(configuration);
        services.AddSettings<LimitOptions>(configuration.GetSection(LimitOptions.Section), limits => limits.Check());
        // Programs that do not lead need it, too. Those that do check it.
        if (Durations.TryParse(configuration[$"{SchedulerOptions.Section}:{nameof(SchedulerOptions.LookAhead)}"], out var lookAhead))
            services.Configure<BeltOptions>(belt => belt.LookAhead = lookAhead);
        // The first of the hosted services: those that follow may use the schema. What is refused when it is made is told in words, too.
        services.AddSingleton<IStartCheck, CheckAddresses>().AddSingleton<SchemaAtStart>()
            .AddHostedService(provider => StartRefusal.InWords(() => ActivatorUtilities.CreateInstance<FleetStart>(provider)));
        return new FleetBuilder(services, configuration, builder.Environment.ContentRootPath);
    }

    private static FleetBuilder End(FleetBuilder fleet)
    {
        Providers.Choose(fleet);
        CheckParts(fleet);
        fleet.Complete();
        // The worker before the scheduler: it listens when the first nudge is sent.
        if (fleet.Does(FleetPart.RunsJobs))
            AddWorker(fleet.Services, fleet.Configuration);
        if (fleet.Does(FleetPart.Leads))
            fleet.Services.AddFleetScheduler(fleet.Configuration);
        return fleet;
    }

    private static void AddStorageOptions(this IServiceCollection services, IConfiguration configuration) =>
        services.AddSettings<StorageOptions>(configuration.GetSection(StorageOptions.Section), _ => [], alsoKnown: ["Provider"]);

    private static void AddWorker(IServiceCollection services, IConfiguration configuration)
    {
        services.AddFleetWorker(configuration);
        // A stop that is cut off counts as a crash of each run under way. The host's time to stop is never shortened.
        services.AddOptions<HostOptions>().PostConfigure<IOptions<WorkerOptions>>((host, worker) =>
        {
            // The host reads this when it is built, so options that are not allowed are found here first.
            var needed = StartRefusal.InWords(() => worker.Value.Drain) + WorkerOptions.StopReserve;
            if (host.ShutdownTimeout < needed)
                host.ShutdownTimeout = needed;
        });
    }

    private static void CheckParts(FleetBuilder fleet)
    {
        if (fleet.Parts.HasFlag(FleetPart.OnlyEnqueues) && fleet.Parts != FleetPart.OnlyEnqueues)
            throw new InvalidOperationException("OnlyEnqueues goes with neither RunsJobs nor Leads: leave one of them out.");
        if (fleet.HasSchedules && !fleet.Does(FleetPart.Leads))
        {
            throw new InvalidOperationException(
                "AddSchedules has no effect in a program that does not lead: call Leads as well, or add the schedules in a program that "
                    + "leads.");
        }

        // Whoever enqueues only need not be heard: a leader finds the runs in the database.
        if (!fleet.Transport!.ReachesOtherProcesses && fleet.Does(FleetPart.RunsJobs) != fleet.Does(FleetPart.Leads))
        {
            throw new InvalidOperationException(
                $"Fleet:Transport:Provider: '{fleet.Transport.Provider}' reaches one process only, and this program does one part of the "
                    + "work. Use RabbitMq, or run everything in one process ('fleet dev'; in code: RunsJobs and Leads).");
        }
    }

    private static LaneOptions ReadLanes(IConfiguration configuration)
    {
        var text = configuration[LaneOptions.Setting];
        if (string.IsNullOrEmpty(text))
            return new LaneOptions();
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var lanes)
            && lanes is >= 1 and <= LaneOptions.MaxAllowed
            ? new LaneOptions { MaxLanes = lanes }
            : throw new InvalidOperationException(
                $"{LaneOptions.Setting}: '{text}' is not allowed; allowed is 1–{LaneOptions.MaxAllowed}.");
    }

    private static DemandOptions ReadDemand(IConfiguration configuration)
    {
        var text = configuration[DemandOptions.Setting];
        if (string.IsNullOrEmpty(text))
            return new DemandOptions();
        return Durations.TryParse(text, out var start) && start >= TimeSpan.Zero && start <= DemandOptions.MaxPodStart
            ? new DemandOptions { PodStart = start }
            : throw new InvalidOperationException(
                $"{DemandOptions.Setting}: '{text}' is not allowed; allowed is a duration from 0s to 1h, such as 30s.");
    }

    private static bool HasDashboard(IConfiguration configuration) => configuration[DashboardPage.Setting] switch
    {
        null or "" => true,
        var on when on.Equals("on", StringComparison.OrdinalIgnoreCase) => true,
        var off when off.Equals("off", StringComparison.OrdinalIgnoreCase) => false,
        var other => throw new InvalidOperationException(
            $"{DashboardPage.Setting}: '{RunRules.Show(other)}' is not allowed; allowed are on, off."),
    };

    /// <summary>Registered once Fleet is.</summary>
    private sealed class AddedFleet;

    /// <summary>What applies to Fleet applies to its API and to its page.</summary>
    private sealed class ApiAndPage(IEndpointConventionBuilder api, IEndpointConventionBuilder page) : IEndpointConventionBuilder
    {
        public void Add(Action<EndpointBuilder> convention)
        {
            api.Add(convention);
            page.Add(convention);
        }

        public void Finally(Action<EndpointBuilder> finallyConvention)
        {
            api.Finally(finallyConvention);
            page.Finally(finallyConvention);
        }
    }
}

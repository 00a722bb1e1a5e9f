using System.Net;
using System.Net.Http.Json;
using System.Security.Claims;
using System.Text.Encodings.Web;
using System.Text.Json;
using Fleet.Core.Access;
using Fleet.Tests.Support;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fleet.Tests.Hosting;

/// <summary>Fleet inside a web application.</summary>
public sealed class MapFleetTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", "", "/api/v1/runs")]
    [InlineData("", "/fleet", "/fleet/api/v1/runs")]
    [InlineData("", "fleet/", "/fleet/api/v1/runs")]
    [InlineData("/app", "/ops/fleet", "/app/ops/fleet/api/v1/runs")]
    public async Task MapFleet_AnyPath_AnswersThere_AndLocationsLeadThere(string pathBase, string path, string runs)
    {
        await using var app = await StartAsync(
            fleet => fleet.AddJobs(jobs => jobs.Add<ScriptedJob>()),
            app =>
            {
                app.UsePathBase(pathBase);
                app.UseRouting();
                app.MapFleet(path).AllowAnonymous();
            });
        using var http = app.GetTestClient();

        using var accepted = await http.PostAsJsonAsync(runs, new { job = "test.scripted", args = new { word = "" } });

        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        Assert.StartsWith(runs + "/", accepted.Headers.Location!.ToString(), StringComparison.Ordinal);
        using var found = await http.GetAsync(accepted.Headers.Location);
        Assert.Equal(HttpStatusCode.OK, found.StatusCode);
    }

    [Fact]
    public async Task RequireAuthorization_OnMapFleet_GuardsFleetAlone()
    {
        await using var app = await StartAsync(
            _ => { },
            app =>
            {
                app.MapGet("/own", () => "open");
                app.MapFleet("/fleet").RequireAuthorization("ops");
            },
            builder =>
            {
                builder.Services.AddAuthentication("header").AddScheme<AuthenticationSchemeOptions, HeaderScheme>("header", _ => { });
                builder.Services.AddAuthorization(o => o.AddPolicy("ops", policy => policy.RequireRole("ops")));
            });
        using var http = app.GetTestClient();

        Assert.Equal(HttpStatusCode.OK, await GetAsync("/own", role: null));
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync("/fleet/api/v1/runs", role: null));
        Assert.Equal(HttpStatusCode.Forbidden, await GetAsync("/fleet/api/v1/runs", role: "clerk"));
        Assert.Equal(HttpStatusCode.OK, await GetAsync("/fleet/api/v1/runs", role: "ops"));

        async Task<HttpStatusCode> GetAsync(string path, string? role)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (role is not null)
                request.Headers.Add("X-Role", role);
            using var answer = await http.SendAsync(request);
            return answer.StatusCode;
        }
    }

    /// <summary>A page can have its own name resolve to this machine; then the browser takes both for one site.</summary>
    [Fact]
    public async Task AllowAnonymous_UnderAForeignName_IsRefused_AndTheProgramsOwnEndpointsAreNot()
    {
        await using var app = await StartAsync(_ => { }, app =>
        {
            app.MapFleet("/fleet").AllowAnonymous();
            app.MapGet("/own", () => "open");
        });
        using var http = app.GetTestClient();

        Assert.Equal(HttpStatusCode.OK, await GetAsync("/fleet/api/v1/runs", "localhost:5000"));
        Assert.Equal(HttpStatusCode.BadRequest, await GetAsync("/fleet/api/v1/runs", "evil.example"));
        Assert.Equal(HttpStatusCode.OK, await GetAsync("/own", "evil.example"));

        async Task<HttpStatusCode> GetAsync(string path, string host)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Host = host } };
            using var answer = await http.SendAsync(request);
            return answer.StatusCode;
        }
    }

    /// <summary>As the API's roles: a viewer may look, and a user without a role may do nothing.</summary>
    [Fact]
    public async Task WithFleetRoles_DecidesWhatAUserOfTheProgramMay()
    {
        await using var app = await StartAsync(
            _ => { },
            app => app.MapFleet("/fleet").RequireAuthorization("known").WithFleetRoles(
                user => user.IsInRole("boss") ? Role.Operator : user.IsInRole("clerk") ? Role.Viewer : null),
            builder =>
            {
                builder.Services.AddAuthentication("header").AddScheme<AuthenticationSchemeOptions, HeaderScheme>("header", _ => { });
                builder.Services.AddAuthorization(o => o.AddPolicy("known", policy => policy.RequireAuthenticatedUser()));
            });
        using var http = app.GetTestClient();

        Assert.Equal(HttpStatusCode.OK, await SendAsync(HttpMethod.Get, "runs", "clerk"));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(HttpMethod.Post, "lanes/mail/pause", "clerk"));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(HttpMethod.Post, "lanes/mail/pause", "boss"));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(HttpMethod.Get, "runs", "guest"));
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(HttpMethod.Get, "runs", role: null));

        async Task<HttpStatusCode> SendAsync(HttpMethod method, string path, string? role)
        {
            using var request = new HttpRequestMessage(method, "/fleet/api/v1/" + path);
            if (role is not null)
                request.Headers.Add("X-Role", role);
            using var answer = await http.SendAsync(request);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task MapFleet_NobodySaidWhoMayCall_TheProgramDoesNotStart()
    {
        var error = await Assert.ThrowsAnyAsync<InvalidOperationException>(
            () => StartAsync(_ => { }, app => app.MapFleet("/fleet")));

        Assert.Contains("MapFleet: nobody has said who may call Fleet.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BadRequest_ToFleet_IsAProblem_WhateverTheProgramDoesWithErrors()
    {
        await using var app = await StartAsync(
            _ => { },
            app =>
            {
                app.UseExceptionHandler(errors => errors.Run(http => http.Response.WriteAsync("the program's own page")));
                app.MapGet("/own", string () => throw new IOException("own"));
                app.MapFleet().AllowAnonymous();
            },
            builder => builder.Services.ConfigureHttpJsonOptions(json =>
                json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseUpper));
        using var http = app.GetTestClient();

        using var refused = await http.GetAsync(new Uri("/fleet/api/v1/runs?limt=1", UriKind.Relative));
        var problem = await refused.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal(
            (HttpStatusCode.BadRequest, "application/problem+json"),
            (refused.StatusCode, refused.Content.Headers.ContentType!.MediaType));
        Assert.Equal("unknown_parameter", problem.GetProperty("code").GetString());
        Assert.Equal("the program's own page", await (await http.GetAsync(new Uri("/own", UriKind.Relative))).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Change_FromAPageOfAnotherSite_IsRefused_UnlessTheProgramAllowsIt()
    {
        await using var app = await StartAsync(
            _ => { },
            app =>
            {
                app.UseCors();
                app.MapFleet("/closed").AllowAnonymous();
                app.MapFleet("/open").AllowAnonymous().RequireCors("friends");
                app.MapPost("/own", () => "open");
            },
            builder => builder.Services.AddCors(o => o.AddPolicy("friends", policy => policy.WithOrigins("https://friend.example"))));
        using var http = app.GetTestClient();

        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync("/closed/api/v1/schedules/none/pause"));
        Assert.Equal(HttpStatusCode.NotFound, await PostAsync("/open/api/v1/schedules/none/pause"));
        Assert.Equal(HttpStatusCode.OK, await PostAsync("/own"));

        async Task<HttpStatusCode> PostAsync(string path)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path);
            request.Headers.Add("Origin", "https://friend.example");
            using var answer = await http.SendAsync(request);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task EndpointNames_AreFleetsOwn_AndMayBeMappedTwice()
    {
        await using var app = await StartAsync(
            _ => { },
            app =>
            {
                app.MapGet("/own/{id}", () => "own").WithName("getRun");
                app.MapFleet("/fleet").AllowAnonymous();
                app.MapFleet("/again").AllowAnonymous();
            });

        var links = app.Services.GetRequiredService<LinkGenerator>();

        Assert.Equal("/own/1", links.GetPathByName("getRun", new { id = "1" }));
        Assert.Equal("/fleet/api/v1/runs/1", links.GetPathByName("fleet.getRun", new { id = "1" }));
    }

    [Fact]
    public async Task ApiDescription_OfTheProgram_LeavesFleetOut()
    {
        await using var app = await StartAsync(
            _ => { },
            app =>
            {
                app.MapGet("/own", () => "own");
                app.MapFleet("/fleet").AllowAnonymous();
            },
            builder => builder.Services.AddEndpointsApiExplorer());

        var groups = app.Services.GetRequiredService<IApiDescriptionGroupCollectionProvider>().ApiDescriptionGroups.Items;

        // Documents take what has no group, or the document's name as its group.
        Assert.Equal(["own"], groups.Where(g => g.GroupName is null).SelectMany(g => g.Items).Select(d => d.RelativePath));
        Assert.Contains("fleet/api/v1/runs", groups.Single(g => g.GroupName == "fleet").Items.Select(d => d.RelativePath));
    }

    [Fact]
    public async Task MapFleet_WithoutAddFleet_SaysWhatToDo()
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();

        Assert.Equal(
            "MapFleet needs Fleet: call builder.AddFleet(…) before the application is built.",
            Assert.Throws<InvalidOperationException>(() => app.MapFleet()).Message);
    }

    private async Task<WebApplication> StartAsync(
        Action<FleetBuilder> configure, Action<WebApplication> map, Action<WebApplicationBuilder>? prepare = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = _folder.Path });
        builder.Logging.ClearProviders();
        builder.WebHost.UseTestServer();
        builder.Services.AddSingleton(new Script(_ => Task.CompletedTask));
        prepare?.Invoke(builder);
        builder.AddFleet(configure);
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return app;
    }

    /// <summary>Takes the role from a header.</summary>
    private sealed class HeaderScheme(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() =>
            Task.FromResult(Request.Headers["X-Role"].ToString() is { Length: > 0 } role
                ? AuthenticateResult.Success(new AuthenticationTicket(
                    new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Role, role)], Scheme.Name)), Scheme.Name))
                : AuthenticateResult.NoResult());
    }
}

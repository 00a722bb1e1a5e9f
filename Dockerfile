# The programs of Fleet, a target each: fleet (the command line), scheduler, worker.
#   docker build --target worker --tag fleet-worker .

# 1. What restore looks at, and nothing else: the packages below stay cached until a project file changes.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS projects
WORKDIR /source
COPY src/ src/
COPY samples/ samples/
RUN find . -type f ! -name '*.csproj' ! -name packages.lock.json -delete

# 2. All three programs.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY .editorconfig BannedSymbols.txt Directory.Build.props Directory.Packages.props global.json ./
COPY --from=projects /source/ ./
RUN dotnet restore src/Cli/Cli.csproj --locked-mode --use-current-runtime
COPY src/ src/
COPY samples/ samples/
RUN dotnet publish src/Cli/Cli.csproj --no-restore --use-current-runtime --output /out/fleet -p:UseAppHost=false \
    && dotnet publish src/Scheduler/Scheduler.csproj --no-restore --use-current-runtime --output /out/scheduler -p:UseAppHost=false \
    && dotnet publish src/Worker/Worker.csproj --no-restore --use-current-runtime --output /out/worker -p:UseAppHost=false

# 3. What they run on: no shell, no package manager, a user without rights. "Extra" has the time zones that schedules
#    need and the ICU that SQL Server's client needs.
FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled-extra AS runtime
WORKDIR /app
USER $APP_UID

FROM runtime AS fleet
COPY --from=build /out/fleet/ ./
ENTRYPOINT ["dotnet", "fleet.dll"]

FROM runtime AS scheduler
COPY --from=build /out/scheduler/ ./
ENTRYPOINT ["dotnet", "Fleet.Scheduler.dll"]

FROM runtime AS worker
COPY --from=build /out/worker/ ./
ENTRYPOINT ["dotnet", "Fleet.Worker.dll"]

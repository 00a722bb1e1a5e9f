# Builds the programs of Fleet. Each has its own target: fleet (the command line), scheduler, worker.
#   docker build --target worker --tag fleet-worker .

# 1. Keep only the files that restore reads, so that the packages below stay cached until a project file changes.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS projects
WORKDIR /source
COPY src/ src/
COPY samples/ samples/
RUN find . -type f ! -name '*.csproj' ! -name packages.lock.json -delete

# 2. Build the page of the dashboard.
FROM node:24-slim AS web
WORKDIR /web
COPY src/Dashboard/web/package.json src/Dashboard/web/package-lock.json src/Dashboard/web/.npmrc ./
RUN npm ci
COPY src/Dashboard/web/ ./
RUN npx --no-install vite build --outDir /out/web

# 3. Build all three programs.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY .editorconfig BannedSymbols.txt Directory.Build.props Directory.Packages.props global.json ./
COPY --from=projects /source/ ./
RUN dotnet restore src/Cli/Cli.csproj --locked-mode --use-current-runtime
COPY src/ src/
COPY samples/ samples/
COPY --from=web /out/web/ /out/web/
ENV WebBuilt=/out/web/
RUN dotnet publish src/Cli/Cli.csproj --no-restore --use-current-runtime --output /out/fleet -p:UseAppHost=false \
    && dotnet publish src/Scheduler/Scheduler.csproj --no-restore --use-current-runtime --output /out/scheduler -p:UseAppHost=false \
    && dotnet publish src/Worker/Worker.csproj --no-restore --use-current-runtime --output /out/worker -p:UseAppHost=false

# 4. The base image: no shell, no package manager, an unprivileged user. "Extra" contains the time zones that schedules need
#    and the ICU library that the client of SQL Server needs.
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
